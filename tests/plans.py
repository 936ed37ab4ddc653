"""Which way the database goes to its answers: ``Listening`` hears what it is asked."""

from sqlalchemy import event, text

READ_BY_INDEX = ("bookings", "claims", "attendees", "working_hours", "patients")


class Listening:
    def __init__(self, session):
        self.connection, self.sent = session.connection(), []

    def note(self, _connection, _cursor, statement, values, *_rest):
        self.sent.append((statement, values))

    def __enter__(self):
        event.listen(self.connection, "before_cursor_execute", self.note)
        return self

    @property
    def questions(self):
        return [each for each in self.sent if each[0].lstrip("( ").startswith("SELECT")]

    def __exit__(self, *_error):
        event.remove(self.connection, "before_cursor_execute", self.note)


def check_plans(session, asked):
    """No large table is read from end to end for any of the questions."""
    sqlite = session.get_bind().dialect.name == "sqlite"
    if not sqlite:  # tables this small are cheapest read whole
        session.execute(text("SET LOCAL enable_seqscan = off"))
    explain, place = ("EXPLAIN QUERY PLAN", 3) if sqlite else ("EXPLAIN", 0)
    scan = "SCAN {}" if sqlite else "Seq Scan on {}"
    for statement, values in asked:
        rows = session.connection().exec_driver_sql(f"{explain} {statement}", values)
        plan = [row[place] for row in rows]
        for table in READ_BY_INDEX:
            assert not [step for step in plan if scan.format(table) in step], (statement, plan)
