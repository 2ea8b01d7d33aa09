package rest

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/event"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

func TestRoutes(t *testing.T) {
	w := newWorld(t)
	guild, channel, message := w.harbor()
	long := `{"content":"` + strings.Repeat("x", wire.MaxContentRunes+1) + `"}`
	escaped := `{"content":"` + strings.Repeat(`\ud83d\ude00`, wire.MaxContentRunes) + `"}`
	messages := "/channels/" + channel + "/messages"
	for _, row := range []struct {
		name         string
		user         int
		method, path string
		body         string
		status, code int
	}{
		{"the gateway, to nobody", -1, "GET", "/gateway", "", 200, 0},
		{"the gateway, to a bot", 0, "GET", "/gateway/bot", "", 200, 0},
		{"a bot's gateway, to nobody", -1, "GET", "/gateway/bot", "", 401, 0},
		{"a token of nobody", 99, "GET", "/users/@me", "", 401, 0},
		{"oneself", 0, "GET", "/users/@me", "", 200, 0},
		{"the application", 0, "GET", "/oauth2/applications/@me", "", 200, 0},
		{"guilds", 0, "GET", "/users/@me/guilds?limit=200&before=&after=", "", 200, 0},
		{"too many guilds", 0, "GET", "/users/@me/guilds?limit=201", "", 400, 50035},
		{"guilds before a word", 0, "GET", "/users/@me/guilds?before=x", "", 400, 50035},
		{"make a guild", 0, "POST", "/guilds", `{"name":"one","channels":[{"name":"A b"}]}`, 201, 0},
		{"a guild without a name", 0, "POST", "/guilds", `{}`, 400, 50035},
		{"a guild with a voice channel", 0, "POST", "/guilds", `{"name":"one","channels":[{"name":"v","type":2}]}`, 400, 50035},
		{"a guild with a number for a name", 0, "POST", "/guilds", `{"name":7}`, 400, 50035},
		{"a guild of a list", 0, "POST", "/guilds", `[]`, 400, 50035},
		{"a guild of half an object", 0, "POST", "/guilds", `{"name":"on`, 400, 50109},
		{"a wrong type in half an object", 0, "POST", "/guilds", `{"name":7`, 400, 50109},
		{"a guild of no form", 0, "POST", "/guilds", "", 415, 0},
		{"the guild", 1, "GET", "/guilds/" + guild + "?with_counts=true", "", 200, 0},
		{"the guild, counted perhaps", 1, "GET", "/guilds/" + guild + "?with_counts=perhaps", "", 400, 50035},
		{"the guild, to a stranger", 2, "GET", "/guilds/" + guild, "", 403, 50001},
		{"no such guild", 0, "GET", "/guilds/1", "", 404, 10004},
		{"a guild that is a word", 0, "GET", "/guilds/x", "", 400, 50035},
		{"guild 0", 0, "GET", "/guilds/0", "", 400, 50035},
		{"a guild beyond 64 bits", 0, "GET", "/guilds/18446744073709551616", "", 400, 50035},
		{"channels, to a stranger", 2, "GET", "/guilds/" + guild + "/channels", "", 403, 50001},
		{"make a channel", 0, "POST", "/guilds/" + guild + "/channels", `{"name":"help"}`, 201, 0},
		{"make a channel without a name", 0, "POST", "/guilds/" + guild + "/channels", `{"name":" "}`, 400, 50035},
		{"a member makes a channel", 1, "POST", "/guilds/" + guild + "/channels", `{"name":"help"}`, 403, 50013},
		{"members", 1, "GET", "/guilds/" + guild + "/members?limit=1000&after=0", "", 200, 0},
		{"too many members", 1, "GET", "/guilds/" + guild + "/members?limit=1001", "", 400, 50035},
		{"add nobody", 0, "PUT", "/guilds/" + guild + "/members/1", `{}`, 404, 10013},
		{"a member adds", 1, "PUT", "/guilds/" + guild + "/members/1", `{}`, 403, 50013},
		{"the channel", 1, "GET", "/channels/" + channel, "", 200, 0},
		{"the channel, to a stranger", 2, "GET", "/channels/" + channel, "", 403, 50001},
		{"no such channel", 1, "GET", "/channels/1", "", 404, 10003},
		{"type", 1, "POST", "/channels/" + channel + "/typing", "", 204, 0},
		{"a stranger types", 2, "POST", "/channels/" + channel + "/typing", "", 403, 50001},
		{"messages", 1, "GET", messages + "?limit=100&around=" + message, "", 200, 0},
		{"too many messages", 1, "GET", messages + "?limit=101", "", 400, 50035},
		{"no messages", 1, "GET", messages + "?limit=0", "", 400, 50035},
		{"messages, to a stranger", 2, "GET", messages, "", 403, 50001},
		{"write", 1, "POST", messages, `{"content":"hi","nonce":"7","tts":false,"embeds":null}`, 200, 0},
		{"write the longest, escaped", 1, "POST", messages, escaped, 200, 0},
		{"write more", 1, "POST", messages, long, 400, 50035},
		{"write much more", 1, "POST", messages, `{"content":"` + strings.Repeat("x", maxBodyBytes) + `"}`, 413, 40005},
		{"write nothing", 1, "POST", messages, `{"content":" "}`, 400, 50006},
		{"write a number", 1, "POST", messages, `{"content":7}`, 400, 50035},
		{"write with a list for a nonce", 1, "POST", messages, `{"content":"x","nonce":[]}`, 400, 50035},
		{"write with a long nonce", 1, "POST", messages, `{"content":"x","nonce":"` + strings.Repeat("n", 26) + `"}`, 400, 50035},
		{"a stranger writes", 2, "POST", messages, `{"content":"hi"}`, 403, 50001},
		{"the message", 1, "GET", messages + "/" + message, "", 200, 0},
		{"no such message", 1, "GET", messages + "/1", "", 404, 10008},
		{"edit", 0, "PATCH", messages + "/" + message, `{"content":"ahoi"}`, 200, 0},
		{"another edits", 1, "PATCH", messages + "/" + message, `{"content":"no"}`, 403, 50005},
		{"another deletes", 1, "DELETE", messages + "/" + message, "", 403, 50013},
		{"delete", 0, "DELETE", messages + "/" + message, "", 204, 0},
		{"delete again", 0, "DELETE", messages + "/" + message, "", 404, 10008},
		{"no such route", 0, "GET", "/voice/regions", "", 404, 0},
		{"a method that a route lacks", 0, "DELETE", "/gateway", "", 405, 0},
	} {
		for _, version := range []string{"v9", "v10"} {
			if version == "v9" && row.method != "GET" {
				continue // once is enough for what changes something
			}
			answered, object := w.do(row.user, row.method, "/api/"+version+row.path, row.body)
			if code, _ := object["code"].(float64); answered.Code != row.status || int(code) != row.code {
				t.Errorf("%s (%s): got %d %s, want %d with code %d", row.name, version, answered.Code, answered.Body, row.status, row.code)
			}
			if message, _ := object["message"].(string); answered.Code >= 400 && message == "" {
				t.Errorf("%s: got %s, want a message", row.name, answered.Body)
			}
			if (object["errors"] != nil) != (row.code == 50035) {
				t.Errorf("%s: got %s, want errors with a form only", row.name, answered.Body)
			}
		}
	}
	if answered, object := w.do(0, "GET", "/api/v8/users/@me", ""); answered.Code != 400 || object["code"] != 50041.0 {
		t.Errorf("version 8: got %d %s, want 400 with code 50041", answered.Code, answered.Body)
	}
}

// What is written is read again, and told in order.
func TestStory(t *testing.T) {
	w := newWorld(t)
	guild, channel, message := w.harbor()
	messages := "/api/v10/channels/" + channel + "/messages"
	said := w.must(1, "POST", messages, `{"content":"hello","nonce":7}`)
	if said["nonce"] != 7.0 || said["content"] != "hello" || said["channel_id"] != channel || said["edited_timestamp"] != nil {
		t.Errorf("message: got %v", said)
	}
	if at, err := time.Parse(time.RFC3339, text(said["timestamp"])); err != nil || time.Since(at).Abs() > time.Hour {
		t.Errorf("its time: got %v, %v, want now", said["timestamp"], err)
	}
	w.must(0, "PATCH", messages+"/"+message, `{"content":"ahoi"}`)
	list := w.list(1, messages)
	if len(list) != 2 || list[0]["id"] != said["id"] || list[1]["content"] != "ahoi" || list[1]["edited_timestamp"] == nil {
		t.Errorf("messages: got %v, want hello and then ahoi, edited", list)
	}
	if after := w.list(1, messages+"?after="+message); len(after) != 1 || after[0]["content"] != "hello" {
		t.Errorf("messages after the first: got %v, want hello", after)
	}
	if last := w.must(1, "GET", "/api/v10/channels/"+channel, "")["last_message_id"]; last != said["id"] {
		t.Errorf("the channel's last message: got %v, want %v", last, said["id"])
	}
	if n := w.must(1, "GET", "/api/v10/guilds/"+guild+"?with_counts=true", "")["approximate_member_count"]; n != 2.0 {
		t.Errorf("members: got %v, want 2", n)
	}
	mine := w.list(1, "/api/v10/users/@me/guilds")
	if len(mine) != 1 || mine[0]["id"] != guild || mine[0]["owner"] != false {
		t.Errorf("guilds of the member: got %v, want harbor", mine)
	}
	w.must(1, "POST", "/api/v10/channels/"+channel+"/typing", "")
	w.must(0, "DELETE", messages+"/"+text(said["id"]), "")
	var told []string
	for i, e := range w.told {
		told = append(told, fmt.Sprintf("%d %v %d", e.GetRevision(), protocol.Kind(e.GetKind()), len(w.joined[i])))
		if strconv.FormatUint(e.GetGuildId(), 10) != guild {
			t.Errorf("%v: told of guild %d, want %s", e, e.GetGuildId(), guild)
		}
	}
	want := []string{
		"1 GUILD_CREATE 1", "2 GUILD_MEMBER_ADD 1", "3 MESSAGE_CREATE 0", "4 MESSAGE_CREATE 0",
		"5 MESSAGE_UPDATE 0", "0 TYPING_START 0", "6 MESSAGE_DELETE 0",
	}
	if !slices.Equal(told, want) {
		t.Errorf("told: got %v, want %v", told, want)
	}
	owner, member := w.must(0, "GET", "/api/v10/users/@me", "")["id"], w.must(1, "GET", "/api/v10/users/@me", "")["id"]
	if fmt.Sprint(w.joined[:2]) != fmt.Sprintf("[[%v] [%v]]", owner, member) {
		t.Errorf("joined: got %v, want the owner %v and then the member %v", w.joined[:2], owner, member)
	}
}

// What is told is what the log says, so that who reads it hears the same.
func TestToldIsWhatTheLogSays(t *testing.T) {
	w := newWorld(t)
	guild, channel, message := w.harbor()
	w.must(0, "POST", "/api/v10/guilds/"+guild+"/channels", `{"name":"help"}`)
	w.must(0, "PATCH", "/api/v10/channels/"+channel+"/messages/"+message, `{"content":"ahoy"}`)
	w.must(0, "DELETE", "/api/v10/channels/"+channel+"/messages/"+message, "")
	w.must(1, "POST", "/api/v10/channels/"+channel+"/messages", `{"content":"hello","nonce":"7"}`)
	id, err := strconv.ParseUint(guild, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	log, err := w.server.cfg.Store.ReadChanges(t.Context(), &wire.ReadChangesRequest{GuildId: id, Limit: 100})
	if err != nil || log.GetHead() != uint64(len(w.told)) {
		t.Fatalf("the log: got head %d, %v, want %d", log.GetHead(), err, len(w.told))
	}
	compared := 0
	for _, change := range log.GetChanges() {
		want := w.told[change.GetRevision()-1]
		if change.GetKind() == wire.Change_GUILD_CREATED {
			continue // the log tells it with the channels of now
		}
		if got := event.OfChange(id, change); !proto.Equal(got, want) {
			t.Errorf("revision %d: the log says\n%v\nwant what was told:\n%v", change.GetRevision(), got, want)
		}
		compared++
	}
	if compared != 4 { // the member, the channel, the deletion, the second message
		t.Errorf("compared: got %d, want 4 of %v", compared, log)
	}
}

func TestGatewaysTakeTurns(t *testing.T) {
	w := newWorld(t)
	urls := map[any]int{}
	for range 10 {
		urls[w.must(-1, "GET", "/api/v9/gateway", "")["url"]]++
	}
	if urls["ws://a"] != 5 || urls["ws://b"] != 5 {
		t.Errorf("gateways: got %v, want each five times", urls)
	}
	bot := w.must(0, "GET", "/api/v9/gateway/bot", "")
	starts, _ := bot["session_start_limit"].(map[string]any)
	if bot["shards"] != 1.0 || starts["max_concurrency"] != 16.0 || starts["remaining"] != 1000.0 {
		t.Errorf("gateway/bot: got %v", bot)
	}
}

func TestRateLimitIsTold(t *testing.T) {
	w := newWorld(t)
	_, channel, _ := w.harbor()
	w.server.limits = newLimits()
	path := "/api/v10/channels/" + channel + "/messages"
	for left := writesText.count - 1; left >= 0; left-- {
		answered, _ := request(t, w.server, 0, "POST", path, `{"content":"x"}`)
		if h := answered.Header(); answered.Code != 200 || h.Get("X-RateLimit-Remaining") != fmt.Sprint(left) || h.Get("X-RateLimit-Limit") != "5" || h.Get("X-RateLimit-Bucket") == "" {
			t.Errorf("with %d left: got %d and %v", left, answered.Code, h)
		}
	}
	answered, object := request(t, w.server, 0, "POST", path, `{"content":"x"}`)
	retry, _ := object["retry_after"].(float64)
	if answered.Code != 429 || retry <= 0 || retry > 5 || object["global"] != false || answered.Header().Get("Retry-After") == "" {
		t.Errorf("one more: got %d %s, want 429 and a wait of at most 5 s", answered.Code, answered.Body)
	}
	if answered, _ := request(t, w.server, 1, "POST", path, `{"content":"x"}`); answered.Code != 200 {
		t.Errorf("another user: got %d, want 200", answered.Code)
	}
}

// stuckStore answers nobody until it is told to.
type stuckStore struct {
	wire.StoreClient

	entered, release chan struct{}
	err              error
}

func (s *stuckStore) GetUserByToken(ctx context.Context, _ *wire.GetUserByTokenRequest, _ ...grpc.CallOption) (*wire.GetUserReply, error) {
	if s.err != nil {
		return nil, s.err
	}
	if _, ok := ctx.Deadline(); !ok {
		return nil, status.Error(codes.Internal, "the call has no deadline")
	}
	close(s.entered)
	select {
	case <-s.release:
		return &wire.GetUserReply{User: &wire.User{Id: 1}}, nil
	case <-ctx.Done():
		return nil, status.FromContextError(ctx.Err()).Err()
	}
}

// A call that finds no worker is refused at once.
func TestOverload(t *testing.T) {
	stuck := &stuckStore{entered: make(chan struct{}), release: make(chan struct{})}
	s, err := New(Config{Store: stuck, Workers: 1, CallTimeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	first := make(chan int, 1)
	go func() {
		answered, _ := request(t, s, 0, "GET", "/api/v10/users/@me", "")
		first <- answered.Code
	}()
	<-stuck.entered
	answered, object := request(t, s, 0, "GET", "/api/v10/users/@me", "")
	if answered.Code != 503 || object["code"] != 130000.0 || answered.Header().Get("Retry-After") != "1" || s.Stats().Shed != 1 {
		t.Errorf("without a worker: got %d %s, want 503 with code 130000", answered.Code, answered.Body)
	}
	close(stuck.release)
	if code := <-first; code != 200 {
		t.Errorf("the call that had the worker: got %d, want 200", code)
	}
}

// A call of a silent store ends, and the store knows when.
func TestDeadline(t *testing.T) {
	s, err := New(Config{Store: &stuckStore{entered: make(chan struct{})}, CallTimeout: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if answered, _ := request(t, s, 0, "GET", "/api/v10/users/@me", ""); answered.Code != 504 {
		t.Errorf("of a silent store: got %d, want 504", answered.Code)
	}
}

func TestStoreErrors(t *testing.T) {
	for _, row := range []struct {
		err  error
		want int
	}{
		{status.Error(codes.Unavailable, "away"), 503},
		{status.Error(codes.ResourceExhausted, "busy"), 503},
		{status.Error(codes.DeadlineExceeded, "late"), 504},
		{status.Error(codes.DataLoss, "damaged"), 500},
		{wire.Refuse(codes.ResourceExhausted, wire.Refusal_FULL, "full"), 503},
	} {
		s, err := New(Config{Store: &stuckStore{err: row.err}})
		if err != nil {
			t.Fatal(err)
		}
		answered, object := request(t, s, 0, "GET", "/api/v10/users/@me", "")
		if answered.Code != row.want || strings.Contains(fmt.Sprint(object["message"]), status.Convert(row.err).Message()) {
			t.Errorf("%v: got %d %s, want %d and nothing of the store's words", row.err, answered.Code, answered.Body, row.want)
		}
	}
}

// Every reason has an answer of its own, so that a new one is not forgotten.
func TestEveryRefusalHasAnAnswer(t *testing.T) {
	for number, name := range wire.Refusal_Reason_name {
		reason := wire.Refusal_Reason(number)
		silent := reason == wire.Refusal_NONE || reason == wire.Refusal_STALE_EPOCH
		if (refused(reason) == nil) != silent {
			t.Errorf("%s: got %v", name, refused(reason))
		}
	}
}

func TestServeOverTCP(t *testing.T) {
	w := newWorld(t)
	listener := listen(t)
	background(t, func(ctx context.Context) error { return w.server.Serve(ctx, listener) })
	reply, err := http.Get("http://" + listener.Addr().String() + "/api/v10/gateway")
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	text, err := io.ReadAll(reply.Body)
	if err != nil || !strings.Contains(string(text), `"url":"ws://`) || reply.Header.Get("Content-Type") != "application/json" {
		t.Errorf("gateway: got %q, %v, want a URL in JSON", text, err)
	}
}
