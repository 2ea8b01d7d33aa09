package load

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

type opcode int

const (
	opDispatch       opcode = 0
	opHeartbeat      opcode = 1
	opIdentify       opcode = 2
	opResume         opcode = 6
	opReconnect      opcode = 7
	opInvalidSession opcode = 9
	opHello          opcode = 10
	opHeartbeatAck   opcode = 11
)

// intents asks for guilds, their messages and what is in those.
const intents = 1<<0 | 1<<9 | 1<<15

// incoming is the envelope of what a gateway sends.
type incoming struct {
	Op   *opcode        `json:"op"`
	Type *string        `json:"t"`
	Seq  *int64         `json:"s"`
	Data jsontext.Value `json:"d"`
}

type outgoing struct {
	Op   opcode `json:"op"`
	Data any    `json:"d"`
}

type identify struct {
	Token      string            `json:"token"`
	Properties map[string]string `json:"properties"`
	Compress   bool              `json:"compress,omitzero"`
	Intents    int               `json:"intents"`
}

type resume struct {
	Token     string `json:"token"`
	SessionID string `json:"session_id"`
	Seq       int64  `json:"seq"`
}

func decode(data []byte) (incoming, error) {
	var in incoming
	if err := json.Unmarshal(data, &in); err != nil {
		return incoming{}, fmt.Errorf("load: gateway sent what is not a payload: %w", err)
	}
	if in.Op == nil {
		return incoming{}, errors.New("load: gateway sent a payload without op")
	}
	return in, nil
}

func decodeInterval(data jsontext.Value) (time.Duration, error) {
	var hello struct {
		HeartbeatInterval int64 `json:"heartbeat_interval"`
	}
	if err := json.Unmarshal(data, &hello); err != nil {
		return 0, fmt.Errorf("load: hello is not readable: %w", err)
	}
	if hello.HeartbeatInterval < 1 || hello.HeartbeatInterval > time.Hour.Milliseconds() {
		return 0, fmt.Errorf("load: hello asks for a heartbeat every %d ms", hello.HeartbeatInterval)
	}
	return time.Duration(hello.HeartbeatInterval) * time.Millisecond, nil
}

// id is a snowflake: text in JSON.
type id uint64

// UnmarshalText implements [encoding.TextUnmarshaler].
func (i *id) UnmarshalText(text []byte) error {
	n, err := strconv.ParseUint(string(text), 10, 64)
	if err != nil {
		return fmt.Errorf("load: id %.30q is not a number", text)
	}
	*i = id(n)
	return nil
}

// MarshalText implements [encoding.TextMarshaler].
func (i id) MarshalText() ([]byte, error) { return strconv.AppendUint(nil, uint64(i), 10), nil }

// identified is of the objects below what is read: their ids.
type identified struct {
	ID id `json:"id"`
}

func numbers(list []identified) []uint64 {
	out := make([]uint64, len(list))
	for i, one := range list {
		out[i] = uint64(one.ID)
	}
	return out
}

type readyData struct {
	SessionID string       `json:"session_id"`
	ResumeURL string       `json:"resume_gateway_url"`
	Guilds    []identified `json:"guilds"`
}

type guildData struct {
	ID          id           `json:"id"`
	Unavailable bool         `json:"unavailable"`
	Channels    []identified `json:"channels"`
}

// messageMark begins the content of every message of any load.
const messageMark = "load/"

// messageText is the content of one message of a run. It says which one it is in the content and not in a nonce, because the
// content is what members come for.
func messageText(run string, number uint64) string {
	return messageMark + run + "/" + strconv.FormatUint(number, 10) + " is what synthetic users have to say"
}

// messageNumber finds out which message of a run a content is.
func messageNumber(run, content string) (uint64, bool) {
	rest, ok := strings.CutPrefix(content, messageMark+run+"/")
	if !ok {
		return 0, false
	}
	digits, _, _ := strings.Cut(rest, " ")
	number, err := strconv.ParseUint(digits, 10, 64)
	return number, err == nil
}

// encode answers nil where a token cannot be text; New has tried them all.
func encode(out outgoing) []byte {
	b, err := json.Marshal(out, json.Deterministic(true))
	if err != nil {
		return nil
	}
	return b
}

func encodeIdentify(token string, compress bool) []byte {
	return encode(outgoing{opIdentify, identify{
		Token:      token,
		Properties: map[string]string{"os": "linux", "browser": "firebreak-load", "device": "firebreak-load"},
		Compress:   compress,
		Intents:    intents,
	}})
}

func encodeResume(token string, m memory) []byte {
	return encode(outgoing{opResume, resume{token, m.session, m.seq}})
}

// encodeHeartbeat carries the last sequence number, or null where there was none.
func encodeHeartbeat(seq int64) []byte {
	if seq == 0 {
		return encode(outgoing{opHeartbeat, nil})
	}
	return encode(outgoing{opHeartbeat, seq})
}
