package load

import (
	"testing"
	"time"
)

// The timer may ring for the machine at the moment in which the user leaves: the goodbye still has its time.
func TestLateRingLeavesTheGoodbyeAlone(t *testing.T) {
	t.Parallel()
	for range 20 {
		url, closes := script(t, true, helloFrame)
		crowd, err := New(Config{Gateways: []string{url}, Users: 1, Token: token})
		if err != nil {
			t.Fatal(err)
		}
		ws, socket, err := crowd.dial(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		l := &link{ws: ws, socket: socket, crowd: crowd}
		l.timer = time.AfterFunc(time.Hour, func() { l.ring(t.Context()) })
		l.handle(t.Context(), leaving{})
		l.ring(t.Context())
		for err == nil {
			_, _, err = ws.Read(t.Context())
		}
		if _, err := l.end(err); err == nil {
			t.Errorf("a session that never came up: got no error, want one")
		}
		if got := <-closes; got != hangUpLeaving {
			t.Errorf("close code: got %d, want %d", got, hangUpLeaving)
		}
	}
}
