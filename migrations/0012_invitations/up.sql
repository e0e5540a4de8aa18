-- An invitation goes by the groups themselves, whatever they are called later, and by who made it: they have to be able to fill
-- those groups when it is used, not only when it is made.
ALTER TABLE invitations ADD COLUMN group_ids jsonb NOT NULL DEFAULT '[]';
ALTER TABLE invitations ADD COLUMN inviter_id uuid;
UPDATE invitations i SET group_ids = coalesce(
    (SELECT jsonb_agg(g.id) FROM groups g WHERE i.groups ? g.name), '[]');
-- Whoever made it and is not found by that name any more fills nothing.
UPDATE invitations i SET inviter_id = coalesce(
    (SELECT u.id FROM users u WHERE u.username = i.invited_by AND u.created_at <= i.created_at),
    '00000000-0000-0000-0000-000000000000') WHERE i.invited_by <> 'cli';
COMMENT ON COLUMN invitations.groups IS 'Names as they were when it was made, to be shown.';
COMMENT ON COLUMN invitations.inviter_id IS 'NULL: somebody at the command line. No foreign key: whoever is gone fills no group any more.';
