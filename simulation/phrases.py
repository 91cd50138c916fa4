"""Short texts for messages and survey comments, by tone: angry, unhappy, plain, pleased."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from simulation.days import Floats

CUSTOMER: tuple[tuple[str, ...], ...] = (
    (
        "This is unacceptable. {topic} is broken again and nobody helps us.",
        "We are very frustrated: {topic} has failed all week and we lose work every day.",
        "Terrible experience with {topic}. If this is not fixed we will look for another product.",
        "I am angry that {topic} is down again. This is the worst month so far.",
    ),
    (
        "{topic} still does not work for us, and the delay is disappointing.",
        "We have a problem with {topic}; the last answer did not help.",
        "Unfortunately {topic} is slow and my team is unhappy about it.",
        "The issue with {topic} came back. This is annoying.",
    ),
    (
        "Could you tell us how to set up {topic} for a second team?",
        "We have a question about {topic}. Where do I find the option?",
        "Please look at {topic} when you have time, details are attached.",
        "Following up on {topic}: here is the file you asked for.",
    ),
    (
        "Thanks, {topic} works great now. Very helpful answer.",
        "Perfect, {topic} is exactly what we needed. Excellent support!",
        "We love the new {topic}. A small question about permissions.",
        "Great work on {topic}, the team is happy with it.",
    ),
)
AGENT: tuple[str, ...] = (
    "Thank you for writing. I am looking into {topic} and will come back today.",
    "I could reproduce this with {topic}; our engineers have it now.",
    "This is fixed in {topic}. Please try again and tell us if it happens once more.",
    "You find the setting under {topic}, second tab. Happy to show you in a call.",
)
COMMENTS: tuple[tuple[str, ...], ...] = (
    ("Too many problems, nobody listens.", "We are thinking about leaving.", "Terrible support."),
    ("Slow and expensive for what we use.", "It does not fit our process well.", "Answers take too long."),
    ("It is fine.", "Does what it should.", "Some features are missing."),
    ("Great product, great people.", "Saves us hours every week.", "Easy to use and helpful support."),
)


def tone_of(sentiment: Floats) -> npt.NDArray[np.int64]:
    """0 angry below -0.5, 1 unhappy below -0.1, 2 plain below 0.35, 3 pleased."""
    return np.searchsorted([-0.5, -0.1, 0.35], sentiment, side="right").astype(np.int64)


def toned(rng: np.random.Generator, pool: tuple[tuple[str, ...], ...], tone: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
    """One template a row, chosen by tone."""
    width = len(pool[0])
    flat = np.array([text for texts in pool for text in texts], dtype=object)
    return np.asarray(flat[tone * width + rng.integers(0, width, len(tone))], dtype=object)


def about(templates: npt.NDArray[Any], topics: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Templates filled with their topic; an unknown topic (None) becomes "the product"."""
    pairs = zip(templates.tolist(), topics.tolist(), strict=True)
    filled = [text.replace("{topic}", topic or "the product") for text, topic in pairs]
    return np.array([text[:1].upper() + text[1:] for text in filled], dtype=object)
