-- Certificates are revoked, reissued and approved for a transfer; and what one aggregate obliges is posted in the order
-- in which it was recorded.

-- Two entries may oblige the same thing: a company that was approved again before its registration had landed. Each has
-- an intent of its own, in order; the contract says of the second that it has it, or has something else.
ALTER TABLE writer.intents DROP CONSTRAINT intents_generation_target_kind_natural_key_key;

ALTER TABLE writer.intents DROP CONSTRAINT intents_kind_check;
ALTER TABLE writer.intents ADD CONSTRAINT intents_kind_check
    CHECK (kind IN ('register', 'create-campaign', 'record-investment', 'close', 'issue-certificate', 'record-release',
                    'record-refund', 'revoke-certificate', 'reissue-certificate', 'approve-transfer'));

CREATE INDEX intents_stream ON writer.intents (generation, stream, position) WHERE state IN ('queued', 'bound');
