//go:build unix

package store

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.etcd.io/bbolt"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

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
	log      map[uint64]*wire.Change // by revision
}

// logged takes a change that was acknowledged. The caller holds the mutex.
func (a *acknowledged) logged(t *testing.T, kind wire.Change_Kind, reply *wire.MessageReply) {
	t.Helper()
	if other := a.log[reply.GetRevision()]; other != nil {
		t.Errorf("revision %d: got it for %v and again", reply.GetRevision(), other)
	}
	a.log[reply.GetRevision()] = &wire.Change{Kind: kind, ChannelId: reply.GetMessage().GetChannelId(), MessageId: reply.GetMessage().GetId()}
}

// What was acknowledged when the process was killed is there for the next one,
// in the order of the answers, and what was deleted stays deleted; the log has all
// of it, perhaps what was not acknowledged, and no hole.
func TestKillLosesNothingAcknowledged(t *testing.T) {
	const rounds, writers = 5, 8
	seed := uint64(time.Now().UnixNano())
	r := rand.New(rand.NewPCG(seed, 0))
	path, folder := buildChatnode(t), t.TempDir()
	probe := listen(t)
	address := probe.Addr().String()
	_ = probe.Close()
	kept := &acknowledged{messages: map[uint64]string{}, deleted: map[uint64]bool{}, log: map[uint64]*wire.Change{}}
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
		checkLog(t, folder, kept, (round+1)*writers)
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
		kept.logged(t, wire.Change_MESSAGE_CREATED, reply)
		kept.mu.Unlock()
		if n%10 != 9 {
			continue
		}
		kept.mu.Lock()
		delete(kept.messages, id) // not known to be there until the answer says that it is not
		kept.mu.Unlock()
		if reply, err = client.DeleteMessage(ctx, &wire.DeleteMessageRequest{ChannelId: channel, MessageId: id, UserId: author}); err != nil {
			return
		}
		kept.mu.Lock()
		kept.logged(t, wire.Change_MESSAGE_DELETED, reply)
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

// checkLog reads the log out of the file of a process that is gone; so many writes
// at most were begun and not answered.
func checkLog(t *testing.T, folder string, kept *acknowledged, unanswered int) {
	t.Helper()
	d := open(t, folder)
	defer func() { _ = d.close() }()
	guild, rows := seededID(kindGuild, 0, 0), 0
	err := d.bolt.View(func(tx *bbolt.Tx) error {
		head, err := readHead(tx, guild)
		if err != nil {
			return err
		}
		// Revision 1 is the guild's own, of which there is no row.
		if n := int(head) - firstRevision; n < len(kept.log) || n > len(kept.log)+unanswered {
			t.Errorf("revisions: got %d writes, want the %d acknowledged and %d more at most", n, len(kept.log), unanswered)
		}
		for revision := range kept.log {
			if revision > head {
				t.Errorf("revision %d was acknowledged: the log ends at %d", revision, head)
			}
		}
		last := max(firstRevision, int(head)-keptChanges)
		cursor := tx.Bucket([]byte(bucketChanges)).Cursor()
		for k, raw := cursor.First(); k != nil; k, raw = cursor.Next() {
			change, err := decodeChange(k, raw)
			if err != nil {
				return err
			}
			if rows++; change.GetRevision() != uint64(last+rows) {
				t.Errorf("row %d: got revision %d, want %d", rows, change.GetRevision(), last+rows)
			}
			want := kept.log[change.GetRevision()]
			change.Revision = 0
			if want != nil && !proto.Equal(change, want) {
				t.Errorf("revision %d: got %v, want the acknowledged %v", last+rows, change, want)
			}
		}
		if last+rows != int(head) {
			t.Errorf("rows: got %d after revision %d, want them to reach %d", rows, last, head)
		}
		return checkWritten(t, tx)
	})
	if err != nil {
		t.Fatalf("read the log: %v", err)
	}
}

// checkWritten holds the messages to the log: it was written with them, or not at all.
func checkWritten(t *testing.T, tx *bbolt.Tx) error {
	t.Helper()
	there := make(map[uint64]bool) // what the log says of a message
	rows := tx.Bucket([]byte(bucketChanges)).Cursor()
	for k, raw := rows.First(); k != nil; k, raw = rows.Next() {
		change, err := decodeChange(k, raw)
		if err != nil {
			return err
		}
		there[change.GetMessageId()] = change.GetKind() != wire.Change_MESSAGE_DELETED
	}
	oldest := uint64(math.MaxUint64)
	for message, is := range there {
		if is {
			oldest = min(oldest, message)
		}
	}
	found := make(map[uint64]bool)
	rows = tx.Bucket([]byte(bucketMessages)).Cursor()
	for k, _ := rows.First(); k != nil; k, _ = rows.Next() {
		id := binary.BigEndian.Uint64(k[8:])
		if found[id] = true; id >= oldest && !there[id] {
			t.Errorf("message %d is there: the log does not say so", id)
		}
	}
	for message, is := range there {
		if is && !found[message] {
			t.Errorf("message %d is in the log, and nowhere else", message)
		}
	}
	return nil
}
