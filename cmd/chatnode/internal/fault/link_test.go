package fault_test

import (
	"bufio"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/fault"
)

// echo answers each line with itself.
func echo(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = c.Close() }()
				lines := bufio.NewScanner(c)
				for lines.Scan() {
					_, _ = fmt.Fprintln(c, lines.Text())
				}
			}()
		}
	}()
	return l
}

// ask says a line and returns the answer, or an error once the connection is gone.
func ask(c net.Conn) (string, error) {
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := fmt.Fprintln(c, "hello"); err != nil {
		return "", err
	}
	return bufio.NewReader(c).ReadString('\n')
}

func TestLinkCutsAndHeals(t *testing.T) {
	upstream := echo(t)
	own, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	link, err := fault.NewLink(own, upstream.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	link.Start()
	defer link.Close()
	dial := func() net.Conn {
		c, err := net.Dial("tcp", link.Addr())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	before := dial()
	if got, err := ask(before); got != "hello\n" {
		t.Fatalf("before the cut: got %q, %v, want the echo", got, err)
	}
	link.Cut()
	if got, err := ask(before); err == nil {
		t.Errorf("connection that was there: got %q, want it ended", got)
	}
	if got, err := ask(dial()); err == nil || !link.IsCut() {
		t.Errorf("new connection while cut: got %q, want it ended", got)
	}
	link.Heal()
	if got, err := ask(dial()); got != "hello\n" {
		t.Errorf("after the heal: got %q, %v, want the echo", got, err)
	}
}

func TestLinkRefusesBadInput(t *testing.T) {
	if _, err := fault.NewLink(nil, "127.0.0.1:1"); err == nil {
		t.Error("no listener: got no error, want one")
	}
	l := echo(t)
	if _, err := fault.NewLink(l, "nowhere"); err == nil {
		t.Error("upstream without port: got no error, want one")
	}
}
