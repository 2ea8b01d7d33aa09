//go:build unix

package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

// buildChatnode builds chatnode.
func buildChatnode(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "chatnode")
	build := exec.CommandContext(t.Context(), "go", "build", "-race=false", "-o", path, "../..")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build chatnode: %v\n%s", err, out)
	}
	return path
}

// process starts the real store, and returns when it answers.
func process(t *testing.T, path, folder, address string) (*exec.Cmd, wire.StoreClient) {
	t.Helper()
	command := exec.CommandContext(t.Context(), path, "store", "--listen", address, "--data-dir", folder, "--users", "4", "--guilds", "1")
	command.Stderr = os.Stderr
	if err := command.Start(); err != nil {
		t.Fatalf("start the store: %v", err)
	}
	conn, err := wire.Dial(address, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	client := wire.NewStoreClient(conn)
	if _, err := client.Stats(within(t), &wire.StatsRequest{}, grpc.WaitForReady(true)); err != nil {
		t.Fatalf("the store does not answer: %v", err)
	}
	return command, client
}

// acknowledged is what the store has answered for, by id.
type acknowledged struct {
	mu       sync.Mutex
	messages map[uint64]string
	deleted  map[uint64]bool
}

// What was acknowledged when the process was killed is there for the next one,
// in the order of the answers, and what was deleted stays deleted.
func TestKillLosesNothingAcknowledged(t *testing.T) {
	const rounds, writers = 5, 8
	seed := uint64(time.Now().UnixNano())
	r := rand.New(rand.NewPCG(seed, 0))
	path, folder := buildChatnode(t), t.TempDir()
	probe := listen(t)
	address := probe.Addr().String()
	_ = probe.Close()
	kept := &acknowledged{messages: map[uint64]string{}, deleted: map[uint64]bool{}}
	channel := seededID(kindChannel, 0, 0)
	for round := range rounds {
		command, client := process(t, path, folder, address)
		checkKept(t, client, channel, kept)
		ctx, stop := context.WithCancel(t.Context())
		var writing sync.WaitGroup
		for w := range writers {
			writing.Go(func() { writeUntilKilled(ctx, t, client, channel, kept, fmt.Sprintf("%d/%d", round, w)) })
		}
		wait := time.NewTimer(time.Duration(20+r.IntN(300)) * time.Millisecond)
		<-wait.C
		if err := command.Process.Kill(); err != nil {
			t.Fatalf("kill: %v", err)
		}
		_ = command.Wait() // "signal: killed"
		stop()
		writing.Wait()
	}
	command, client := process(t, path, folder, address)
	checkKept(t, client, channel, kept)
	_ = command.Process.Kill()
	_ = command.Wait()
	t.Logf("seed %d: %d messages acknowledged and %d deleted over %d kills", seed, len(kept.messages), len(kept.deleted), rounds)
	if len(kept.messages) < rounds {
		t.Errorf("messages acknowledged: got %d, want some in each round", len(kept.messages))
	}
}

// writeUntilKilled writes one message after the other, and deletes some, until
// the store is gone.
func writeUntilKilled(ctx context.Context, t *testing.T, client wire.StoreClient, channel uint64, kept *acknowledged, name string) {
	t.Helper()
	author := seededID(kindUser, 0, 0)
	var last uint64
	for n := 0; ; n++ {
		content := fmt.Sprintf("%s/%d", name, n)
		reply, err := client.CreateMessage(ctx, &wire.CreateMessageRequest{ChannelId: channel, AuthorId: author, Content: content})
		if err != nil {
			return
		}
		id := reply.GetMessage().GetId()
		if id <= last {
			t.Errorf("%s: got id %d after %d, want more", content, id, last)
		}
		last = id
		kept.mu.Lock()
		kept.messages[id] = content
		kept.mu.Unlock()
		if n%10 != 9 {
			continue
		}
		kept.mu.Lock()
		delete(kept.messages, id) // not known to be there until the answer says that it is not
		kept.mu.Unlock()
		if _, err := client.DeleteMessage(ctx, &wire.DeleteMessageRequest{ChannelId: channel, MessageId: id, UserId: author}); err != nil {
			return
		}
		kept.mu.Lock()
		kept.deleted[id] = true
		kept.mu.Unlock()
	}
}

// checkKept reads the whole channel.
func checkKept(t *testing.T, client wire.StoreClient, channel uint64, kept *acknowledged) {
	t.Helper()
	found := make(map[uint64]string)
	for before := uint64(0); ; {
		page, err := client.ListMessages(within(t), &wire.ListMessagesRequest{
			ChannelId: channel, UserId: seededID(kindUser, 0, 0), Before: before, Limit: wire.MaxMessagePage,
		})
		if err != nil {
			t.Fatalf("read the channel: %v", err)
		}
		if len(page.GetMessages()) == 0 {
			break
		}
		for _, m := range page.GetMessages() {
			found[m.GetId()], before = m.GetContent(), m.GetId()
		}
	}
	for id, content := range kept.messages {
		if found[id] != content {
			t.Errorf("message %d: got %q, want the acknowledged %q", id, found[id], content)
		}
	}
	for id := range kept.deleted {
		if _, ok := found[id]; ok {
			t.Errorf("message %d: got it back, want it deleted", id)
		}
	}
}
