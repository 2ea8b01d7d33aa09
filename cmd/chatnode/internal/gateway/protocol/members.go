package protocol

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

const (
	// membersPerChunk is how many members one GUILD_MEMBERS_CHUNK holds.
	membersPerChunk = 1000
	// maxAskedMembers is how many members a prefix finds, and how many may be asked for by id.
	maxAskedMembers = 100
	// maxNonceBytes is the longest nonce that comes back; a longer one is ignored.
	maxNonceBytes = 32
	// MaxPendingMembers is how many requests for members a connection may have under way.
	MaxPendingMembers = 8
)

// Member is one member of a guild, as an answer to Request Guild Members needs it.
type Member struct {
	User uint64
	// Names are what a prefix is compared with: the username, and the nick where there is one.
	Names []string
	// Object is the member as JSON.
	Object jsontext.Value
	// Presence is the member's presence as JSON; nil when offline.
	Presence jsontext.Value
}

// MembersRequest is the data of OpRequestGuildMembers, checked.
type MembersRequest struct {
	Guild     uint64
	ByID      bool
	Users     []uint64 // when ByID
	Prefix    string   // when not ByID; lower case
	Limit     int      // 0 means all
	Presences bool
	Nonce     string
}

// decodeMembersRequest takes the guild and the users bare or in a list, as libraries send either.
func decodeMembersRequest(data jsontext.Value) (MembersRequest, error) {
	var in struct {
		Guild     jsontext.Value `json:"guild_id"`
		Query     *string        `json:"query"`
		Limit     int            `json:"limit"`
		Presences bool           `json:"presences"`
		Users     jsontext.Value `json:"user_ids"`
		Nonce     jsontext.Value `json:"nonce"`
	}
	if err := json.Unmarshal(data, &in); err != nil {
		return MembersRequest{}, fmt.Errorf("protocol: request for members is not readable: %w", err)
	}
	guilds, err := decodeIDs(in.Guild)
	if err != nil || len(guilds) != 1 {
		return MembersRequest{}, errors.New("protocol: request for members needs one guild")
	}
	out := MembersRequest{Guild: guilds[0], Limit: in.Limit, Presences: in.Presences}
	if in.Nonce.Kind() == '"' && json.Unmarshal(in.Nonce, &out.Nonce) == nil && len(out.Nonce) > maxNonceBytes {
		out.Nonce = ""
	}
	if len(in.Users) > 0 && in.Users.Kind() != 'n' {
		out.ByID = true
		if out.Users, err = decodeIDs(in.Users); err != nil || len(out.Users) > maxAskedMembers {
			return MembersRequest{}, errors.New("protocol: request for members has user ids that cannot be")
		}
		return out, nil
	}
	if in.Query == nil || in.Limit < 0 {
		return MembersRequest{}, errors.New("protocol: request for members needs a query and a limit, or user ids")
	}
	out.Prefix = strings.ToLower(*in.Query)
	if out.Prefix != "" && (out.Limit == 0 || out.Limit > maxAskedMembers) {
		out.Limit = maxAskedMembers
	}
	return out, nil
}

// decodeIDs reads one snowflake or a list of them, as text or as numbers.
func decodeIDs(data jsontext.Value) ([]uint64, error) {
	if data.Kind() != '[' {
		id, err := decodeID(data)
		return []uint64{id}, err
	}
	var list []jsontext.Value
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, fmt.Errorf("protocol: ids are not readable: %w", err)
	}
	ids := make([]uint64, 0, len(list))
	for _, item := range list {
		id, err := decodeID(item)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

func decodeID(data jsontext.Value) (uint64, error) {
	id, err := strconv.ParseUint(strings.Trim(string(data), `"`), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("protocol: id is not readable: %w", err)
	}
	return id, nil
}

// membersChunk is the data of GUILD_MEMBERS_CHUNK.
type membersChunk struct {
	Guild     Snowflake        `json:"guild_id"`
	Members   []jsontext.Value `json:"members"`
	Index     int              `json:"chunk_index"`
	Count     int              `json:"chunk_count"`
	NotFound  []Snowflake      `json:"not_found,omitempty"`
	Presences []jsontext.Value `json:"presences,omitempty"`
	Nonce     string           `json:"nonce,omitempty"`
}

// MemberChunks answers a request out of all members of its guild, for a session with these intents; at least one chunk.
// What a session must not have is an answer without members: the whole list without the intent for members. A guild that is
// not the session's, or cannot be read now, has nil members and is not found. Large guilds take their time: nobody has to
// hold the session meanwhile.
func MemberChunks(intents Intents, req MembersRequest, all []Member) []Body {
	var missing []Snowflake
	found := all
	switch {
	case all == nil:
		missing = []Snowflake{Snowflake(req.Guild)}
	case req.ByID:
		found, missing = membersByID(req.Users, all)
	case req.Prefix == "" && !intents.Has(IntentGuildMembers):
		found = nil
	default:
		found = membersByPrefix(req, all)
	}
	presences := req.Presences && intents.Has(IntentGuildPresences)
	count := max((len(found)+membersPerChunk-1)/membersPerChunk, 1)
	out := make([]Body, 0, count)
	for i := range count {
		part := found[i*membersPerChunk : min((i+1)*membersPerChunk, len(found))]
		chunk := membersChunk{Guild: Snowflake(req.Guild), Index: i, Count: count, Nonce: req.Nonce, Members: []jsontext.Value{}}
		if i == 0 {
			chunk.NotFound = missing
		}
		for _, m := range part {
			chunk.Members = append(chunk.Members, m.Object)
			if presences && m.Presence != nil {
				chunk.Presences = append(chunk.Presences, m.Presence)
			}
		}
		out = append(out, Text(Encode(GuildMembersChunk, chunk)))
	}
	return out
}

// Answer numbers what answers a request of the session's own.
func (s *Session) Answer(bodies []Body) []Delivery {
	out := make([]Delivery, 0, len(bodies))
	for _, b := range bodies {
		out = append(out, s.deliver(b))
	}
	return out
}

func membersByID(users []uint64, all []Member) (found []Member, missing []Snowflake) {
	for _, id := range users {
		at := slices.IndexFunc(all, func(m Member) bool { return m.User == id })
		if at < 0 {
			missing = append(missing, Snowflake(id))
			continue
		}
		found = append(found, all[at])
	}
	return found, missing
}

func membersByPrefix(req MembersRequest, all []Member) []Member {
	var found []Member
	for _, m := range all {
		if req.Limit > 0 && len(found) == req.Limit {
			break
		}
		if slices.ContainsFunc(m.Names, func(name string) bool { return strings.HasPrefix(strings.ToLower(name), req.Prefix) }) {
			found = append(found, m)
		}
	}
	return found
}
