-- Games, their keys and players, and what these share (spec talo, section 0). ../postgres/ has the same
-- tables and columns. Times are milliseconds since 1970, booleans 0 and 1, UUIDs 16 bytes. Rows that
-- belong to others are deleted by the operation that deletes those.

CREATE TABLE talo_games (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    secret BLOB NOT NULL, -- sealed
    verifies_requests INTEGER NOT NULL,
    blocks_identifier_profanity INTEGER NOT NULL,
    blocks_prop_profanity INTEGER NOT NULL,
    display_name_key TEXT NOT NULL, -- empty: none
    created_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE talo_live_config (
    game_id INTEGER NOT NULL,
    position INTEGER NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (game_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE talo_keys (
    id INTEGER PRIMARY KEY,
    game_id INTEGER NOT NULL,
    scopes INTEGER NOT NULL,
    created_s INTEGER NOT NULL, -- seconds: the `iat` of its token
    revoked_ms INTEGER NOT NULL, -- 0: in force
    last_used_ms INTEGER NOT NULL -- 0: never
) STRICT;

CREATE TABLE talo_verification_keys (
    id INTEGER PRIMARY KEY,
    game_id INTEGER NOT NULL,
    version TEXT NOT NULL,
    value BLOB NOT NULL, -- sealed
    created_ms INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX talo_verification_keys_version ON talo_verification_keys (game_id, version);

CREATE TABLE talo_players (
    id BLOB NOT NULL PRIMARY KEY,
    game_id INTEGER NOT NULL,
    is_dev_build INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    last_seen_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX talo_players_game ON talo_players (game_id, created_ms, id);

CREATE TABLE talo_player_props (
    player_id BLOB NOT NULL,
    position INTEGER NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (player_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE talo_aliases (
    id INTEGER PRIMARY KEY,
    game_id INTEGER NOT NULL,
    player_id BLOB NOT NULL,
    service TEXT NOT NULL,
    identifier TEXT NOT NULL,
    last_seen_ms INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL
) STRICT;

-- The identifier first: it is also looked up in any service.
CREATE UNIQUE INDEX talo_aliases_identifier ON talo_aliases (game_id, identifier, service);
CREATE INDEX talo_aliases_player ON talo_aliases (player_id);

CREATE TABLE talo_auths (
    player_id BLOB NOT NULL PRIMARY KEY,
    game_id INTEGER NOT NULL,
    password_hash TEXT NOT NULL,
    email TEXT, -- NULL: none
    has_verification INTEGER NOT NULL,
    session_key BLOB, -- NULL: no session
    session_created_ms INTEGER NOT NULL -- 0: no session
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX talo_auths_email ON talo_auths (game_id, email) WHERE email IS NOT NULL;

CREATE TABLE talo_presences (
    player_id BLOB NOT NULL PRIMARY KEY,
    is_online INTEGER NOT NULL,
    custom_status TEXT NOT NULL,
    alias_id INTEGER NOT NULL, -- that changed it last; 0: none, or deleted
    updated_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX talo_presences_online ON talo_presences (is_online) WHERE is_online = 1;

CREATE TABLE talo_channels (
    id INTEGER PRIMARY KEY,
    game_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    owner_alias_id INTEGER, -- NULL: nobody
    message_count INTEGER NOT NULL,
    is_auto_cleanup INTEGER NOT NULL,
    is_private INTEGER NOT NULL,
    is_temporary INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL
) STRICT;

CREATE INDEX talo_channels_listed ON talo_channels (game_id, is_private, message_count DESC, id);
CREATE INDEX talo_channels_owner ON talo_channels (owner_alias_id) WHERE owner_alias_id IS NOT NULL;

CREATE TABLE talo_channel_props (
    channel_id INTEGER NOT NULL,
    position INTEGER NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (channel_id, position)
) STRICT, WITHOUT ROWID;

CREATE INDEX talo_channel_props_value ON talo_channel_props (key, value, channel_id);

CREATE TABLE talo_members (
    channel_id INTEGER NOT NULL,
    alias_id INTEGER NOT NULL,
    joined_ms INTEGER NOT NULL,
    is_dev INTEGER NOT NULL DEFAULT 0, -- its player's is_dev_build, for counting
    PRIMARY KEY (channel_id, alias_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX talo_members_alias ON talo_members (alias_id, channel_id);

CREATE TABLE talo_storage (
    channel_id INTEGER NOT NULL,
    key TEXT NOT NULL,
    position INTEGER NOT NULL, -- 0 for a scalar; the values of an array in the order of creation
    value TEXT NOT NULL,
    created_by INTEGER NOT NULL, -- aliases
    updated_by INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    PRIMARY KEY (channel_id, key, position)
) STRICT, WITHOUT ROWID;

CREATE INDEX talo_storage_created_by ON talo_storage (created_by);
CREATE INDEX talo_storage_updated_by ON talo_storage (updated_by);

CREATE TABLE talo_subscriptions (
    id INTEGER PRIMARY KEY,
    subscriber_alias_id INTEGER NOT NULL,
    target_alias_id INTEGER NOT NULL,
    is_confirmed INTEGER NOT NULL,
    is_bidirectional INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX talo_subscriptions_pair ON talo_subscriptions (subscriber_alias_id, target_alias_id);
CREATE INDEX talo_subscriptions_target ON talo_subscriptions (target_alias_id, id);

CREATE TABLE talo_groups (
    id BLOB NOT NULL PRIMARY KEY,
    game_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    rules TEXT NOT NULL, -- JSON, as in spec 4
    is_any INTEGER NOT NULL,
    has_visible_members INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX talo_groups_game ON talo_groups (game_id, name);

CREATE TABLE talo_group_members (
    group_id BLOB NOT NULL,
    player_id BLOB NOT NULL,
    PRIMARY KEY (group_id, player_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX talo_group_members_player ON talo_group_members (player_id, group_id);

-- The highest id ever given, per enum pl_talo_id, of what has been deleted: none is given twice.
CREATE TABLE talo_ids (
    kind INTEGER PRIMARY KEY,
    highest INTEGER NOT NULL
) STRICT;
