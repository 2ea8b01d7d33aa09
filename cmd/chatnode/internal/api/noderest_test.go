package api

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

// A node with a listener for it answers REST beside the calls of chat nodes, and
// both end together.
func TestNodeServesREST(t *testing.T) {
	store, _ := startStore(t, &fakeStore{user: func(context.Context) (*wire.GetUserReply, error) {
		return &wire.GetUserReply{User: &wire.User{Id: 7, Username: "anna"}}, nil
	}})
	rest := listen(t, "127.0.0.1:0")
	_, client, stop := startNode(t, Config{Store: store, REST: rest, Gateways: func() []string { return []string{"ws://node"} }})
	if _, err := client.LoadUser(within(t), &wire.LoadUserRequest{Token: "t"}); err != nil {
		t.Errorf("load a user: %v", err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+rest.Addr().String()+"/api/v10/users/@me", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bot t")
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	body, err := io.ReadAll(reply.Body)
	if err != nil || reply.StatusCode != http.StatusOK || !strings.Contains(string(body), `"username":"anna"`) {
		t.Errorf("users/@me: got %d %s, %v, want anna", reply.StatusCode, body, err)
	}
	if err := stop(); err != nil {
		t.Errorf("Serve: %v", err)
	}
	if again, err := http.Get("http://" + rest.Addr().String()); err == nil {
		_ = again.Body.Close()
		t.Errorf("REST after the end: answered %d, want nobody there", again.StatusCode)
	}
}
