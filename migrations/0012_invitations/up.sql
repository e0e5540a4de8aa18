-- An invitation goes by the groups themselves, whatever they are called later, and by who made it: they have to be able to fill
-- those groups when it is used, not only when it is made.
ALTER TABLE invitations ADD COLUMN group_ids jsonb NOT NULL DEFAULT '[]';
ALTER TABLE invitations ADD COLUMN inviter_id uuid;
UPDATE invitations i SET group_ids = coalesce(
    (SELECT jsonb_agg(g.id) FROM groups g WHERE i.groups ? g.name), '[]');
UPDATE invitations i SET inviter_id = u.id FROM users u WHERE u.username = i.invited_by;
COMMENT ON COLUMN invitations.groups IS 'Names as they were when it was made, to be shown.';
COMMENT ON COLUMN invitations.inviter_id IS 'NULL: somebody at the command line. No foreign key: whoever is gone fills no group any more.';
