package gateway

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// maxPayloadBytes is the longest message a client may send; Discord documents the same limit.
const maxPayloadBytes = 4096

// maxIntents is one more than the largest set of intents. Bits that have no meaning here are let through, since a newer
// client library may know more events than this server sends.
const maxIntents = 1 << 32

// incoming is the envelope of what a client sends; the data stays undecoded until the opcode says what it is.
type incoming struct {
	Op   *opcode        `json:"op"`
	Data jsontext.Value `json:"d"`
}

// outgoing is the envelope of what the server sends, in Discord's order of members.
type outgoing struct {
	Type *string `json:"t"`
	Seq  *int64  `json:"s"`
	Op   opcode  `json:"op"`
	Data any     `json:"d"`
}

// identify is the data of opIdentify, as far as it matters here. The compress member is ignored: it allows compressed
// payloads and does not demand them.
type identify struct {
	Token      *string        `json:"token"`
	Intents    *int64         `json:"intents"`
	Properties jsontext.Value `json:"properties"`
	Shard      *shard         `json:"shard"`
}

// shard is [number, of how many].
type shard [2]int64

func (s *shard) valid() bool { return s == nil || (s[0] >= 0 && s[0] < s[1]) }

// resume is the data of opResume.
type resume struct {
	Token     *string `json:"token"`
	SessionID *string `json:"session_id"`
	Seq       *int64  `json:"seq"`
}

type ready struct {
	Version     int           `json:"v"`
	User        readyUser     `json:"user"`
	Guilds      []readyGuild  `json:"guilds"`
	SessionID   string        `json:"session_id"`
	ResumeURL   string        `json:"resume_gateway_url"`
	Shard       *shard        `json:"shard,omitempty"`
	Application readyIdentity `json:"application"`
}

type readyUser struct {
	ID            string  `json:"id"`
	Username      string  `json:"username"`
	Discriminator string  `json:"discriminator"`
	GlobalName    *string `json:"global_name"`
	Avatar        *string `json:"avatar"`
	Bot           bool    `json:"bot,omitzero"`
}

type readyGuild struct {
	ID          string `json:"id"`
	Unavailable bool   `json:"unavailable"`
}

type readyIdentity struct {
	ID    string `json:"id"`
	Flags int    `json:"flags"`
}

func decodeIncoming(data []byte) (opcode, jsontext.Value, error) {
	var in incoming
	if err := json.Unmarshal(data, &in); err != nil {
		return 0, nil, fmt.Errorf("gateway: payload is not readable: %w", err)
	}
	if in.Op == nil {
		return 0, nil, errors.New("gateway: payload has no op")
	}
	return *in.Op, in.Data, nil
}

func decodeIdentify(data jsontext.Value) (identify, error) {
	var in identify
	if err := json.Unmarshal(data, &in); err != nil {
		return identify{}, fmt.Errorf("gateway: identify is not readable: %w", err)
	}
	if in.Token == nil || in.Intents == nil || !validObject(in.Properties) {
		return identify{}, errors.New("gateway: identify needs token, intents and properties")
	}
	return in, nil
}

// bareToken takes off the prefix that bot libraries share between REST, where it is due, and the gateway.
func bareToken(token string) string {
	return strings.TrimPrefix(strings.TrimSpace(token), "Bot ")
}

func decodeResume(data jsontext.Value) error {
	var in resume
	if err := json.Unmarshal(data, &in); err != nil {
		return fmt.Errorf("gateway: resume is not readable: %w", err)
	}
	if in.Token == nil || in.SessionID == nil || in.Seq == nil {
		return errors.New("gateway: resume needs token, session_id and seq")
	}
	return nil
}

// validBeat accepts the last sequence number seen, or null where there was none.
func validBeat(data jsontext.Value) bool {
	if len(data) == 0 || data.Kind() == 'n' {
		return true
	}
	var seq int64
	return json.Unmarshal(data, &seq) == nil
}

func validObject(data jsontext.Value) bool { return len(data) > 0 && data.Kind() == '{' }

// encode answers nil where a payload cannot be encoded. Of the shapes above none refuses, and text that is not UTF-8 is
// replaced, so that only a caller who passes on data from elsewhere has to look.
func encode(out outgoing) []byte {
	b, err := json.Marshal(out, jsontext.AllowInvalidUTF8(true))
	if err != nil {
		return nil
	}
	return b
}

func encodeHello(interval time.Duration) []byte {
	data := map[string]int64{"heartbeat_interval": interval.Milliseconds()}
	return encode(outgoing{Op: opHello, Data: data})
}

func encodeReady(seq int64, r ready) []byte {
	name := "READY"
	return encode(outgoing{Type: &name, Seq: &seq, Op: opDispatch, Data: r})
}

func newReadyUser(u User) readyUser {
	return readyUser{
		ID:            snowflake(u.ID),
		Username:      u.Username,
		Discriminator: orDefault(u.Discriminator, "0"),
		GlobalName:    orNull(u.GlobalName),
		Avatar:        orNull(u.Avatar),
		Bot:           u.Bot,
	}
}

func newReadyGuilds(ids []uint64) []readyGuild {
	guilds := make([]readyGuild, 0, len(ids))
	for _, id := range ids {
		guilds = append(guilds, readyGuild{ID: snowflake(id), Unavailable: true})
	}
	return guilds
}

func snowflake(id uint64) string { return strconv.FormatUint(id, 10) }

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func orDefault(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}
