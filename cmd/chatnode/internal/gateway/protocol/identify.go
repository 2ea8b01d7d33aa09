package protocol

import (
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

const (
	// defaultLargeThreshold, and the bounds of what a client may choose, are Discord's.
	defaultLargeThreshold = 50
	maxLargeThreshold     = 250
	// MaxShardGuilds is how many guilds one shard may have.
	MaxShardGuilds = 2500
	// maxShards keeps arithmetic on shards within any integer.
	maxShards = 1 << 20
	// maxTokenBytes bounds what a token costs while it is looked up.
	maxTokenBytes = 512
)

// identify is what a client says it is, checked. Of a Resume it holds the token, the session and the number only.
type identify struct {
	token    string
	session  string
	seq      int64
	intents  Intents
	shard    Shard
	large    int
	compress bool
	presence *Presence
}

// wireIdentify is the data of OpIdentify.
type wireIdentify struct {
	Token      *string        `json:"token"`
	Intents    *int64         `json:"intents"`
	Properties jsontext.Value `json:"properties"`
	Shard      *[2]int64      `json:"shard"`
	Compress   bool           `json:"compress"`
	Large      *int           `json:"large_threshold"`
	Presence   jsontext.Value `json:"presence"`
}

// complaint is why a payload ends its connection.
type complaint struct {
	code   CloseCode
	reason string
}

// decodeIdentify answers a complaint with code zero where there is nothing to complain of.
func decodeIdentify(data jsontext.Value, disallowed Intents) (identify, complaint) {
	var in wireIdentify
	if err := json.Unmarshal(data, &in); err != nil {
		return identify{}, complaint{CloseDecodeError, "identify is not readable"}
	}
	switch {
	case in.Token == nil, in.Intents == nil, !isObject(in.Properties):
		return identify{}, complaint{CloseDecodeError, "identify needs token, intents and properties"}
	case *in.Intents < 0 || *in.Intents >= endOfIntents:
		return identify{}, complaint{CloseInvalidIntents, "intents cannot be"}
	case Intents(*in.Intents)&disallowed != 0:
		return identify{}, complaint{CloseDisallowedIntents, "intents are not granted here"}
	case in.Shard != nil && (in.Shard[0] < 0 || in.Shard[0] >= in.Shard[1] || in.Shard[1] > maxShards):
		return identify{}, complaint{CloseInvalidShard, "shard cannot be"}
	}
	out := identify{token: bareToken(*in.Token), intents: Intents(*in.Intents), compress: in.Compress, large: defaultLargeThreshold}
	if in.Large != nil {
		out.large = min(max(*in.Large, defaultLargeThreshold), maxLargeThreshold)
	}
	if in.Shard != nil {
		out.shard = Shard{uint64(in.Shard[0]), uint64(in.Shard[1])}
	}
	if len(in.Presence) > 0 && in.Presence.Kind() != 'n' {
		p, err := decodePresence(in.Presence)
		if err != nil {
			return identify{}, complaint{CloseDecodeError, "presence is not readable"}
		}
		out.presence = &p
	}
	if out.token == "" || len(out.token) > maxTokenBytes {
		return out, complaint{CloseAuthenticationFailed, "token cannot be"}
	}
	return out, complaint{}
}

// bareToken takes off the prefix that bot libraries share between REST, where it is due, and the gateway.
func bareToken(token string) string {
	return strings.TrimPrefix(strings.TrimSpace(token), "Bot ")
}

// resume is the data of OpResume.
type resume struct {
	Token     *string `json:"token"`
	SessionID *string `json:"session_id"`
	Seq       *int64  `json:"seq"`
}

func decodeResume(data jsontext.Value) (resume, error) {
	var in resume
	if err := json.Unmarshal(data, &in); err != nil {
		return resume{}, fmt.Errorf("protocol: resume is not readable: %w", err)
	}
	if in.Token == nil || in.SessionID == nil || in.Seq == nil {
		return resume{}, errors.New("protocol: resume needs token, session_id and seq")
	}
	return in, nil
}
