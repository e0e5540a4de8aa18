-- Numbers of the dashboard, counted by a job, so that no page counts millions of rows.
CREATE TABLE statistics (
    day date NOT NULL,
    name text NOT NULL,
    value bigint NOT NULL,
    counted_at timestamptz NOT NULL,
    PRIMARY KEY (name, day)
);
