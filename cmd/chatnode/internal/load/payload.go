package load

import (
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

type opcode int

const (
	opDispatch       opcode = 0
	opHeartbeat      opcode = 1
	opIdentify       opcode = 2
	opReconnect      opcode = 7
	opInvalidSession opcode = 9
	opHello          opcode = 10
	opHeartbeatAck   opcode = 11
)

// intents asks for guilds and their messages.
const intents = 1<<0 | 1<<9

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
	Intents    int               `json:"intents"`
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

// encode answers nil where a token cannot be text; New has tried them all.
func encode(out outgoing) []byte {
	b, err := json.Marshal(out, json.Deterministic(true))
	if err != nil {
		return nil
	}
	return b
}

func encodeIdentify(token string) []byte {
	return encode(outgoing{opIdentify, identify{
		Token:      token,
		Properties: map[string]string{"os": "linux", "browser": "firebreak-load", "device": "firebreak-load"},
		Intents:    intents,
	}})
}

// encodeHeartbeat carries the last sequence number, or null where there was none.
func encodeHeartbeat(seq *int64) []byte { return encode(outgoing{opHeartbeat, seq}) }
