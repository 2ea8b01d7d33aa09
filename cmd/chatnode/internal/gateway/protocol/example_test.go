package protocol_test

import (
	"fmt"
	"time"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
)

// A client identifies, and hears of a message. The shell is left out: what it would do is printed.
func Example() {
	settings := protocol.Settings{
		Node: "node-1", HeartbeatInterval: 40 * time.Second, IdentifyTimeout: 30 * time.Second, LoadTimeout: 10 * time.Second,
	}.Encoded()
	conn := protocol.NewConn(settings)
	now := time.Date(2020, 3, 16, 14, 0, 0, 0, time.UTC)
	identify := []byte(`{"op":2,"d":{"token":"secret","properties":{},"intents":512}}`)

	var session *protocol.Session
	for _, event := range []protocol.Event{
		protocol.Connected{Version: "10", Encoding: "json"},
		protocol.FrameReceived{Data: identify},
		protocol.UserLoaded{User: protocol.User{ID: 5, Username: "otto", Guilds: []uint64{7}}, SessionID: "node-1.f00"},
	} {
		for _, action := range conn.Step(now, event) {
			switch a := action.(type) {
			case protocol.OpenSession:
				session = a.Session
				fmt.Println("open", session.ID())
			case protocol.Deliver:
				fmt.Println("deliver number", a.Delivery.Seq)
			default:
				fmt.Printf("%T\n", a)
			}
		}
	}
	dispatch := protocol.NewMessageDelete(7, 8, 9)
	if d, told := session.Dispatch(dispatch); told {
		fmt.Printf("deliver number %d: %s\n", d.Seq, d.Body.Text())
	}
	// Output:
	// protocol.Send
	// protocol.Wait
	// protocol.LoadUser
	// protocol.Wait
	// protocol.Report
	// open node-1.f00
	// deliver number 1
	// protocol.Wait
	// deliver number 2: "t":"MESSAGE_DELETE","op":0,"d":{"id":"9","channel_id":"8","guild_id":"7"}}
}
