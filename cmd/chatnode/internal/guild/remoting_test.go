package guild

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/asynkron/protoactor-go/remote"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/guild/replica"
)

func batch(change func(*remote.MessageBatch)) *remote.MessageBatch {
	b := &remote.MessageBatch{
		TypeNames: []string{"firebreak.chat.v1.Follow"},
		Targets:   []*actor.PID{{Id: receptionName}},
		Envelopes: []*remote.MessageEnvelope{{}},
	}
	change(b)
	return b
}

func TestOnlyOurMessagesPass(t *testing.T) {
	for _, row := range []struct {
		name   string
		change func(*remote.MessageBatch)
		want   bool
	}{
		{"ours", func(*remote.MessageBatch) {}, true},
		{"nothing", func(b *remote.MessageBatch) { b.Reset() }, true},
		{"a type of the actor system", func(b *remote.MessageBatch) { b.TypeNames[0] = "actor.PoisonPill" }, false},
		{"a type that is unknown", func(b *remote.MessageBatch) { b.TypeNames[0] = "x" }, false},
		{"a type that is not used", func(b *remote.MessageBatch) { b.TypeNames = append(b.TypeNames, "actor.Stop") }, false},
		{"another actor", func(b *remote.MessageBatch) { b.Targets[0].Id = "guilds/owners" }, false},
		{"another actor that is not used", func(b *remote.MessageBatch) { b.Targets = append(b.Targets, &actor.PID{Id: "x"}) }, false},
		{"an actor without a name", func(b *remote.MessageBatch) { b.Targets[0] = nil }, false},
		{"a type beyond the last", func(b *remote.MessageBatch) { b.Envelopes[0].TypeId = 1 }, false},
		{"a type before the first", func(b *remote.MessageBatch) { b.Envelopes[0].TypeId = -1 }, false},
		{"a target beyond the last", func(b *remote.MessageBatch) { b.Envelopes[0].Target = 1 }, false},
		{"a target before the first", func(b *remote.MessageBatch) { b.Envelopes[0].Target = -1 }, false},
		{"a sender", func(b *remote.MessageBatch) { b.Envelopes[0].Sender = 1 }, false},
		{"another serializer", func(b *remote.MessageBatch) { b.Envelopes[0].SerializerId = 1 }, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := harmless(batch(row.change)); got != row.want {
				t.Errorf("harmless: got %t, want %t", got, row.want)
			}
		})
	}
}

func TestATakenPortIsAnError(t *testing.T) {
	taken, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, _, err = startRemoting(context.Background(), Config{Peers: taken.Addr().String()})
	if err == nil || !strings.Contains(err.Error(), taken.Addr().String()) || strings.Contains(err.Error(), "\n") {
		t.Errorf("start: got %v, want one line that names %s", err, taken.Addr())
	}
}

// Whoever connects can neither stop an actor nor end the process.
func TestAForeignPeerIsCutOff(t *testing.T) {
	n, r := startAlone(t, &memory{}, replica.Config{})
	conn, err := grpc.NewClient(n.Address(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	peer := remote.NewRemotingClient(conn)
	for _, bad := range []*remote.MessageBatch{
		batch(func(b *remote.MessageBatch) { b.TypeNames[0], b.Targets[0].Id = "actor.PoisonPill", "guilds" }),
		batch(func(b *remote.MessageBatch) { b.Envelopes[0].TypeId = 7 }),
		batch(func(b *remote.MessageBatch) { b.TypeNames[0] = "no.such.Type" }),
		batch(func(b *remote.MessageBatch) { b.Envelopes[0].MessageData = []byte("\xff") }),
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		stream, err := peer.Receive(ctx)
		if err != nil {
			t.Fatal(err)
		}
		// It may be cut before it is sent: what it ends with is asked below.
		_ = stream.Send(&remote.RemoteMessage{MessageType: &remote.RemoteMessage_MessageBatch{MessageBatch: bad}})
		for err == nil {
			_, err = stream.Recv()
		}
		if code := status.Code(err); code == codes.OK || code == codes.Unavailable || code == codes.DeadlineExceeded {
			t.Errorf("%v: got %v, want the stream to be refused", bad, err)
		}
	}
	if _, err := peer.ListProcesses(t.Context(), &remote.ListProcessesRequest{}); status.Code(err) != codes.Unimplemented {
		t.Errorf("another call: got %v, want it refused", err)
	}
	n.Opened(protocol.SessionInfo{ID: "a", User: 1, Guilds: []uint64{theGuild}})
	r.want(t, "all", protocol.GuildCreate, false)
}
