-- What may come again for one company or campaign: the register's updates and locks, a campaign's pauses and deadlines.

ALTER TABLE writer.intents DROP CONSTRAINT intents_kind_check;
ALTER TABLE writer.intents ADD CONSTRAINT intents_kind_check
    CHECK (kind IN ('register', 'create-campaign', 'record-investment', 'close', 'issue-certificate', 'record-release',
                    'record-refund', 'revoke-certificate', 'reissue-certificate', 'approve-transfer', 'update',
                    'set-active', 'lock', 'unlock', 'set-paused', 'set-deadline'));
