package protocol

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// crowd is so many members, every tenth of them online.
func crowd(n int) []Member {
	all := make([]Member, n)
	for i := range all {
		all[i] = Member{User: uint64(i + 1), Names: []string{fmt.Sprintf("User%d", i+1)}, Object: jsontext.Value(fmt.Sprintf(`{"user":{"id":"%d"}}`, i+1))}
		if i%10 == 0 {
			all[i].Presence = jsontext.Value(`{"status":"online"}`)
		}
	}
	return all
}

func TestMembers(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name    string
		intents Intents
		req     MembersRequest
		all     []Member
		want    string // a row of chunk index/count, members, presences, not found
	}{
		{"all", IntentGuildMembers, MembersRequest{}, crowd(3), "0/1 3 0 []"},
		{"all without the intent", 0, MembersRequest{}, crowd(3), "0/1 0 0 []"},
		{"a full chunk", IntentGuildMembers, MembersRequest{}, crowd(1000), "0/1 1000 0 []"},
		{"one more than a chunk", IntentGuildMembers, MembersRequest{}, crowd(1001), "0/2 1000 0 [], 1/2 1 0 []"},
		{"some of all", IntentGuildMembers, MembersRequest{Limit: 2}, crowd(3), "0/1 2 0 []"},
		{"presences", IntentGuildMembers | IntentGuildPresences, MembersRequest{Presences: true}, crowd(11), "0/1 11 2 []"},
		{"presences without the intent", IntentGuildMembers, MembersRequest{Presences: true}, crowd(11), "0/1 11 0 []"},
		{"presences that nobody asked for", everyIntent, MembersRequest{}, crowd(11), "0/1 11 0 []"},
		{"prefix", 0, MembersRequest{Prefix: "user1", Limit: 100}, crowd(20), "0/1 11 0 []"},
		{"prefix with a limit", 0, MembersRequest{Prefix: "user1", Limit: 2}, crowd(20), "0/1 2 0 []"},
		{"prefix of nobody", 0, MembersRequest{Prefix: "x", Limit: 2}, crowd(20), "0/1 0 0 []"},
		{"by id", 0, MembersRequest{ByID: true, Users: []uint64{3, 99, 1}}, crowd(3), "0/1 2 0 [99]"},
		{"by no id", 0, MembersRequest{ByID: true}, crowd(3), "0/1 0 0 []"},
		{"a guild that cannot be read", everyIntent, MembersRequest{}, nil, "0/1 0 0 [4194304]"},
		{"an empty guild", everyIntent, MembersRequest{}, []Member{}, "0/1 0 0 []"},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			s := newTestSession(10, r.intents, Shard{})
			if r.req.Guild == 0 {
				r.req.Guild = 1 << 22
			}
			r.req.Nonce = "n1"
			var got []string
			for i, d := range s.Answer(MemberChunks(s.Intents(), r.req, r.all)) {
				if d.Seq != int64(i+2) {
					t.Errorf("number of chunk %d: got %d, want %d", i, d.Seq, i+2)
				}
				got = append(got, describe(t, d))
			}
			if strings.Join(got, ", ") != r.want {
				t.Errorf("chunks: got %s, want %s", strings.Join(got, ", "), r.want)
			}
		})
	}
}

func describe(t *testing.T, d Delivery) string {
	t.Helper()
	var in struct {
		T string       `json:"t"`
		D membersChunk `json:"d"`
	}
	if err := json.Unmarshal([]byte("{"+string(d.Body.Text())), &in); err != nil || in.T != "GUILD_MEMBERS_CHUNK" || in.D.Nonce != "n1" {
		t.Fatalf("chunk %s: got %v, want one with its nonce", d.Body.Text(), err)
	}
	return fmt.Sprintf("%d/%d %d %d %v", in.D.Index, in.D.Count, len(in.D.Members), len(in.D.Presences), in.D.NotFound)
}

func TestIdentifyLimit(t *testing.T) {
	t.Parallel()
	l := NewIdentifyLimit(2)
	rows := []struct {
		at    int // in seconds
		token string
		want  bool
	}{{0, "a", true}, {1, "a", true}, {1, "a", false}, {1, "b", true}, {4, "a", false}, {5, "a", true}, {5, "a", true}, {5, "a", false}}
	for i, r := range rows {
		if got := l.Allows(start.Add(time.Duration(r.at)*time.Second), r.token); got != r.want {
			t.Errorf("number %d, %s at %d s: got %v, want %v", i, r.token, r.at, got, r.want)
		}
	}
	for i := range maxCountedTokens {
		l.Allows(start.Add(2*IdentifyWindow), fmt.Sprint(i))
	}
	if len(l.tokens) != maxCountedTokens {
		t.Errorf("tokens: got %d, want %d", len(l.tokens), maxCountedTokens)
	}
	if l.Allows(start.Add(3*IdentifyWindow-1), "one too many") {
		t.Errorf("a token beyond the limit: got allowed, want refused")
	}
	if !l.Allows(start.Add(3*IdentifyWindow), "one too many") || len(l.tokens) != 1 {
		t.Errorf("when the window is over: got %d tokens, want one that is allowed", len(l.tokens))
	}
}
