package protocol

import (
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// MaxPayloadBytes is the longest message a client may send; Discord documents the same limit.
const MaxPayloadBytes = 4096

// incoming is the envelope of what a client sends; the data stays undecoded until the opcode says what it is.
type incoming struct {
	Op   *Opcode        `json:"op"`
	Data jsontext.Value `json:"d"`
}

// control is the envelope of a payload that is no dispatch.
type control struct {
	Type *string `json:"t"`
	Seq  *int64  `json:"s"`
	Op   Opcode  `json:"op"`
	Data any     `json:"d"`
}

// dispatch is the envelope of one, but for its sequence number.
type dispatch struct {
	Type string `json:"t"`
	Op   Opcode `json:"op"`
	Data any    `json:"d"`
}

func decodeIncoming(data []byte) (Opcode, jsontext.Value, error) {
	var in incoming
	if err := json.Unmarshal(data, &in); err != nil {
		return 0, nil, fmt.Errorf("protocol: payload is not readable: %w", err)
	}
	if in.Op == nil {
		return 0, nil, errors.New("protocol: payload has no op")
	}
	return *in.Op, in.Data, nil
}

// validBeat accepts the last sequence number seen, or null where there was none.
func validBeat(data jsontext.Value) bool {
	if len(data) == 0 || data.Kind() == 'n' {
		return true
	}
	var seq int64
	return json.Unmarshal(data, &seq) == nil
}

func isObject(data jsontext.Value) bool { return len(data) > 0 && data.Kind() == '{' }

// marshal answers nil where a value cannot be JSON. Of the shapes of this package none refuses, and text that is not UTF-8
// is replaced, so that only a caller who passes on data from elsewhere has to look.
func marshal(v any) []byte {
	b, err := json.Marshal(v, jsontext.AllowInvalidUTF8(true))
	if err != nil {
		return nil
	}
	return b
}

// Encode makes the [Body] of a dispatch: the payload without the brace before and the sequence number. It answers nil
// where the data cannot be JSON.
func Encode(kind Kind, data any) []byte {
	b := marshal(dispatch{Type: kind.String(), Op: OpDispatch, Data: data})
	if b == nil {
		return nil
	}
	return b[1:]
}

func encodeControl(op Opcode, data any) Text { return marshal(control{Op: op, Data: data}) }

func encodeHello(interval time.Duration) Text {
	return encodeControl(OpHello, map[string]int64{"heartbeat_interval": interval.Milliseconds()})
}

// encodeResume is the frame that brings a Resume to the session's own node.
func encodeResume(token, sessionID string, seq int64) []byte {
	return marshal(struct {
		Op   Opcode `json:"op"`
		Data resume `json:"d"`
	}{OpResume, resume{&token, &sessionID, &seq}})
}

// ready is the data of READY.
type ready struct {
	Version     int           `json:"v"`
	User        UserObject    `json:"user"`
	Private     []struct{}    `json:"private_channels"`
	Guilds      []readyGuild  `json:"guilds"`
	SessionID   string        `json:"session_id"`
	SessionType string        `json:"session_type"`
	ResumeURL   string        `json:"resume_gateway_url"`
	Shard       *[2]uint64    `json:"shard,omitempty"`
	Application readyIdentity `json:"application"`
	Trace       []string      `json:"_trace"`
}

type readyGuild struct {
	ID          Snowflake `json:"id"`
	Unavailable bool      `json:"unavailable"`
}

type readyIdentity struct {
	ID    Snowflake `json:"id"`
	Flags int       `json:"flags"`
}

// encodeReady leaves all guilds unavailable; each becomes available by its GUILD_CREATE.
func encodeReady(set *Settings, s *Session, user User) Text {
	data := ready{
		Version: s.version, User: NewUserObject(user), Private: []struct{}{}, Guilds: make([]readyGuild, 0, len(s.guilds)),
		SessionID: s.id, SessionType: "normal", ResumeURL: set.ResumeURL,
		Application: readyIdentity{ID: Snowflake(user.ID)}, Trace: []string{set.Node},
	}
	for _, g := range s.guilds {
		data.Guilds = append(data.Guilds, readyGuild{Snowflake(g), true})
	}
	if s.shard.Count > 0 {
		data.Shard = &[2]uint64{s.shard.Number, s.shard.Count}
	}
	return Encode(Ready, data)
}
