-- Apps behind a proxy know people by their usernames: nobody gets one that was somebody else's, unless a superuser, or the command
-- line, gives it away.
CREATE TABLE former_usernames (
    username_key text PRIMARY KEY,
    left_at timestamptz NOT NULL
);
