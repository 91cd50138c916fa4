"""Review files (F1–F3): three Markdown files of a task, worked through account by account; texts in, texts out, no IO."""
