DROP INDEX users_leaving_names;
DROP INDEX users_unproven_names;
