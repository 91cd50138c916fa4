"""Custom fields on the party, with a key the database itself keeps unique, and a table of tasks."""

from trytond.model import ModelSQL, ModelView, Unique, fields
from trytond.pool import PoolMeta

PRIORITIES = [("high", "High"), ("normal", "Normal"), ("low", "Low")]


class Party(metaclass=PoolMeta):
    """An account: ours is the part that begins with `churn_`."""

    __name__ = "party.party"
    churn_account_id = fields.Char("Account", size=40)
    churn_owner = fields.Char("Owner", size=40)
    churn_risk_tier = fields.Selection(
        [(None, ""), ("high", "High"), ("medium", "Medium"), ("low", "Low")], "Risk", sort=False
    )
    churn_health_score = fields.Integer("Health", domain=[("churn_health_score", ">=", 0)])
    churn_probability = fields.Float("Probability of churn")
    churn_arr = fields.Numeric("Revenue a year", digits=(16, 2))
    churn_reason = fields.Char("Reason", size=120)
    churn_run_id = fields.Char("Run", size=40)
    churn_as_of = fields.Date("As of")
    churn_expires_on = fields.Date("Expires on")
    churn_published_at = fields.DateTime("Published at")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        table = cls.__table__()
        cls._sql_constraints.append(
            ("churn_account_id_unique", Unique(table, table.churn_account_id), "churn_crm.msg_account_unique")
        )


class Task(ModelSQL, ModelView):
    """What a person should do about an account, once."""

    __name__ = "churn.task"
    task_key = fields.Char("Key", size=120, required=True)
    party = fields.Many2One("party.party", "Account", required=True, ondelete="CASCADE")
    play = fields.Char("Play", size=40)
    step = fields.Char("Step", size=40)
    subject = fields.Char("Subject", size=80, required=True)
    body = fields.Text("Body")
    due_at = fields.DateTime("Due")
    status = fields.Selection([("open", "Open"), ("done", "Done")], "Status", required=True)
    priority = fields.Selection(PRIORITIES, "Priority", required=True, sort=False)
    owner = fields.Char("Owner", size=40)
    as_of = fields.Date("As of")
    run_id = fields.Char("Run", size=40)

    @classmethod
    def __setup__(cls):
        super().__setup__()
        table = cls.__table__()
        cls._sql_constraints.append(("task_key_unique", Unique(table, table.task_key), "churn_crm.msg_task_key_unique"))

    @classmethod
    def default_status(cls):
        return "open"

    @classmethod
    def default_priority(cls):
        return "normal"
