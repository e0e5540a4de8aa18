ALTER TABLE invitations DROP COLUMN group_ids, DROP COLUMN inviter_id;
