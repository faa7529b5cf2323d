-- Up Migration

-- What metrics show of the database as a whole: counted by one pod, and read by all.
CREATE TABLE auth.population_counts (
  name text PRIMARY KEY,
  count bigint NOT NULL,
  counted_at timestamptz NOT NULL
);

-- Down Migration

DROP TABLE auth.population_counts;
