DELETE FROM permissions WHERE app = 'portcullis' AND model IN ('setting', 'api_key', 'grant');
DROP TABLE group_managers;
