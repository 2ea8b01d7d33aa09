package rest

import (
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/store"
)

// An unmodified client library makes a guild, writes, reads, changes and deletes.
// It is built without the race detector: what it does is its own affair.
func TestStockLibrary(t *testing.T) {
	const folder = "../../../../../tests/cluster/stockclient"
	sources, err := filepath.Glob(folder + "/*.go")
	if err != nil || len(sources) == 0 {
		t.Fatalf("sources of stockclient: got %d, %v, want some", len(sources), err)
	}
	for _, file := range sources { // the test cache has to know what the result depends on
		if _, err := os.Stat(file); err != nil {
			t.Fatal(err)
		}
	}
	binary := filepath.Join(t.TempDir(), "stockclient.exe") // a name that every system runs
	build := exec.CommandContext(t.Context(), "go", "build", "-race=false", "-o", binary, ".")
	build.Dir = folder
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building stockclient: %v\n%s", err, out)
	}
	w := newWorld(t)
	server := httptest.NewServer(w.server)
	defer server.Close()
	member := text(w.must(1, "GET", "/api/v9/users/@me", "")["id"])
	out, err := exec.CommandContext(t.Context(), binary,
		"-library", "discordgo-rest", "-rest", server.URL, "-token", store.Token(seed, 0), "-member", member).CombinedOutput()
	if err != nil {
		t.Fatalf("stockclient: %v\n%s", err, out)
	}
	got := strings.Split(strings.TrimSpace(string(out)), "\n")
	want := []string{
		"gateway 16", "guild harbor general", "channel help", "members 2", "guilds harbor",
		"messages three two one", "edited uno", "messages three uno", "unknown 10008", "empty 50006",
	}
	if !slices.Equal(got, want) {
		t.Errorf("the library heard: got %q, want %q", got, want)
	}
}
