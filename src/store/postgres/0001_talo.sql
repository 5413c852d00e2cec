-- Games, their keys and players, and what these share (spec talo, section 0). ../sqlite/ has the same
-- tables, columns and indexes. Times are milliseconds since 1970, booleans 0 and 1, UUIDs 16 bytes; text
-- compares byte by byte. Rows that belong to others are deleted by the operation that deletes those.

CREATE TABLE talo_games (
    id BIGINT PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    secret BYTEA NOT NULL, -- sealed
    verifies_requests BIGINT NOT NULL,
    blocks_identifier_profanity BIGINT NOT NULL,
    blocks_prop_profanity BIGINT NOT NULL,
    display_name_key TEXT COLLATE "C" NOT NULL, -- empty: none
    created_ms BIGINT NOT NULL
);

CREATE TABLE talo_live_config (
    game_id BIGINT NOT NULL,
    position BIGINT NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    value TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (game_id, position)
);

CREATE TABLE talo_keys (
    id BIGINT PRIMARY KEY,
    game_id BIGINT NOT NULL,
    scopes BIGINT NOT NULL,
    created_s BIGINT NOT NULL, -- seconds: the `iat` of its token
    revoked_ms BIGINT NOT NULL, -- 0: in force
    last_used_ms BIGINT NOT NULL -- 0: never
);

CREATE TABLE talo_verification_keys (
    id BIGINT PRIMARY KEY,
    game_id BIGINT NOT NULL,
    version TEXT COLLATE "C" NOT NULL,
    value BYTEA NOT NULL, -- sealed
    created_ms BIGINT NOT NULL
);

CREATE UNIQUE INDEX talo_verification_keys_version ON talo_verification_keys (game_id, version);

CREATE TABLE talo_players (
    id BYTEA NOT NULL PRIMARY KEY,
    game_id BIGINT NOT NULL,
    is_dev_build BIGINT NOT NULL,
    created_ms BIGINT NOT NULL,
    last_seen_ms BIGINT NOT NULL
);

CREATE INDEX talo_players_game ON talo_players (game_id, created_ms, id);

CREATE TABLE talo_player_props (
    player_id BYTEA NOT NULL,
    position BIGINT NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    value TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (player_id, position)
);

CREATE TABLE talo_aliases (
    id BIGINT PRIMARY KEY,
    game_id BIGINT NOT NULL,
    player_id BYTEA NOT NULL,
    service TEXT COLLATE "C" NOT NULL,
    identifier TEXT COLLATE "C" NOT NULL,
    last_seen_ms BIGINT NOT NULL,
    created_ms BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL
);

-- The identifier first: it is also looked up in any service.
CREATE UNIQUE INDEX talo_aliases_identifier ON talo_aliases (game_id, identifier, service);
CREATE INDEX talo_aliases_player ON talo_aliases (player_id);

CREATE TABLE talo_auths (
    player_id BYTEA NOT NULL PRIMARY KEY,
    game_id BIGINT NOT NULL,
    password_hash TEXT COLLATE "C" NOT NULL,
    email TEXT COLLATE "C", -- NULL: none
    has_verification BIGINT NOT NULL,
    session_key BYTEA, -- NULL: no session
    session_created_ms BIGINT NOT NULL -- 0: no session
);

CREATE UNIQUE INDEX talo_auths_email ON talo_auths (game_id, email) WHERE email IS NOT NULL;

CREATE TABLE talo_presences (
    player_id BYTEA NOT NULL PRIMARY KEY,
    is_online BIGINT NOT NULL,
    custom_status TEXT COLLATE "C" NOT NULL,
    alias_id BIGINT NOT NULL, -- that changed it last; 0: none, or deleted
    updated_ms BIGINT NOT NULL
);

CREATE INDEX talo_presences_online ON talo_presences (is_online) WHERE is_online = 1;

CREATE TABLE talo_channels (
    id BIGINT PRIMARY KEY,
    game_id BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    owner_alias_id BIGINT, -- NULL: nobody
    message_count BIGINT NOT NULL,
    is_auto_cleanup BIGINT NOT NULL,
    is_private BIGINT NOT NULL,
    is_temporary BIGINT NOT NULL,
    created_ms BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL
);

CREATE INDEX talo_channels_listed ON talo_channels (game_id, is_private, message_count DESC, id);
CREATE INDEX talo_channels_owner ON talo_channels (owner_alias_id) WHERE owner_alias_id IS NOT NULL;

CREATE TABLE talo_channel_props (
    channel_id BIGINT NOT NULL,
    position BIGINT NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    value TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (channel_id, position)
);

CREATE INDEX talo_channel_props_value ON talo_channel_props (key, value, channel_id);

CREATE TABLE talo_members (
    channel_id BIGINT NOT NULL,
    alias_id BIGINT NOT NULL,
    joined_ms BIGINT NOT NULL,
    is_dev BIGINT NOT NULL DEFAULT 0, -- its player's is_dev_build, for counting
    PRIMARY KEY (channel_id, alias_id)
);

CREATE INDEX talo_members_alias ON talo_members (alias_id, channel_id);

CREATE TABLE talo_storage (
    channel_id BIGINT NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    position BIGINT NOT NULL, -- 0 for a scalar; the values of an array in the order of creation
    value TEXT COLLATE "C" NOT NULL,
    created_by BIGINT NOT NULL, -- aliases
    updated_by BIGINT NOT NULL,
    created_ms BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL,
    PRIMARY KEY (channel_id, key, position)
);

CREATE INDEX talo_storage_created_by ON talo_storage (created_by);
CREATE INDEX talo_storage_updated_by ON talo_storage (updated_by);

CREATE TABLE talo_subscriptions (
    id BIGINT PRIMARY KEY,
    subscriber_alias_id BIGINT NOT NULL,
    target_alias_id BIGINT NOT NULL,
    is_confirmed BIGINT NOT NULL,
    is_bidirectional BIGINT NOT NULL,
    created_ms BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL
);

CREATE UNIQUE INDEX talo_subscriptions_pair ON talo_subscriptions (subscriber_alias_id, target_alias_id);
CREATE INDEX talo_subscriptions_target ON talo_subscriptions (target_alias_id, id);

CREATE TABLE talo_groups (
    id BYTEA NOT NULL PRIMARY KEY,
    game_id BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    description TEXT COLLATE "C" NOT NULL,
    rules TEXT COLLATE "C" NOT NULL, -- JSON, as in spec 4
    is_any BIGINT NOT NULL,
    has_visible_members BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL
);

CREATE INDEX talo_groups_game ON talo_groups (game_id, name);

CREATE TABLE talo_group_members (
    group_id BYTEA NOT NULL,
    player_id BYTEA NOT NULL,
    PRIMARY KEY (group_id, player_id)
);

CREATE INDEX talo_group_members_player ON talo_group_members (player_id, group_id);

-- The highest id ever given, per enum pl_talo_id, of what has been deleted: none is given twice.
CREATE TABLE talo_ids (
    kind BIGINT PRIMARY KEY,
    highest BIGINT NOT NULL
);
