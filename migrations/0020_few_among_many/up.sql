-- Who awaits proof, or is about to go, by name, as the console lists them: few among very many.
CREATE INDEX users_unproven_names ON users (username_key) WHERE awaits_proof_since IS NOT NULL;
CREATE INDEX users_leaving_names ON users (username_key) WHERE deletion_due_at IS NOT NULL;
