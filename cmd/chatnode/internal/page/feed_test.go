package page

import (
	"fmt"
	"strings"
	"testing"
)

func frameAt(t int64, nodes ...Node) Frame { return Frame{T: t, Nodes: nodes} }

// drain reads what a reader has been handed.
func drain(r *Reader) (all []message, open bool) {
	for {
		select {
		case m, ok := <-r.messages:
			if !ok {
				return all, false
			}
			all = append(all, m)
		default:
			return all, true
		}
	}
}

func TestReaderResumesAfterTheLastEventItSaw(t *testing.T) {
	f := NewFeed(Run{}, nil)
	for i := range 10 {
		f.PublishFrame(frameAt(int64(i)))
	}
	r, err := f.Follow(7)
	if err != nil {
		t.Fatal(err)
	}
	f.PublishFrame(frameAt(10))
	got, _ := drain(r)
	var ids []uint64
	for _, m := range got {
		ids = append(ids, m.id)
	}
	if fmt.Sprint(ids) != "[8 9 10 11]" {
		t.Errorf("after 7: got %v, want 8 to 11", ids)
	}
}

func TestLateComerGetsTheWholeAct(t *testing.T) {
	f := NewFeed(Run{Acts: []Act{{Name: "naive"}}}, nil)
	f.PublishFrame(Frame{Whole: true, Nodes: []Node{{ID: "a"}, {ID: "b"}}, Flags: []Flag{{T: 1}}})
	f.PublishFrame(Frame{T: 5, Nodes: []Node{{ID: "b", Sessions: 7}}, Flags: []Flag{{T: 2}}})
	for _, after := range []uint64{0, 99} { // 99: of an earlier run
		r, err := f.Follow(after)
		if err != nil {
			t.Fatal(err)
		}
		got, _ := drain(r)
		if len(got) != 1 {
			t.Fatalf("after %d: got %d messages, want one", after, len(got))
		}
		text := string(got[0].text)
		for _, want := range []string{`"whole":true`, `"id":"a"`, `"sessions":7`, `"flags":[{"t":1`, `{"t":2`, "id: 2\n", "event: frame\n"} {
			if !strings.Contains(text, want) {
				t.Errorf("whole frame: got %s, want %s in it", text, want)
			}
		}
	}
}

func TestSlowReaderIsDropped(t *testing.T) {
	f := NewFeed(Run{}, nil)
	slow, err := f.Follow(0)
	if err != nil {
		t.Fatal(err)
	}
	quick, err := f.Follow(0)
	if err != nil {
		t.Fatal(err)
	}
	for i := range readerBuffer + 1 {
		f.PublishFrame(frameAt(int64(i)))
		if _, open := drain(quick); !open {
			t.Fatal("quick reader: got dropped, want it to stay")
		}
	}
	got, open := drain(slow)
	if open || len(got) != readerBuffer {
		t.Errorf("slow reader: got %d messages, open %v, want %d and its end", len(got), open, readerBuffer)
	}
	back, err := f.Follow(got[len(got)-1].id)
	if err != nil {
		t.Fatal(err)
	}
	if missed, _ := drain(back); len(missed) != 1 {
		t.Errorf("when it comes back: got %d messages, want the one it missed", len(missed))
	}
	slow.Close() // also after it was dropped
}

func TestReadersAreLimited(t *testing.T) {
	f := NewFeed(Run{}, nil)
	for range MaxReaders {
		if _, err := f.Follow(0); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := f.Follow(0); err == nil {
		t.Error("one more: got no error, want it refused")
	}
}

func TestRingForgetsTheOldest(t *testing.T) {
	f := NewFeed(Run{}, nil)
	for i := range ringMessages + 10 {
		f.PublishFrame(frameAt(int64(i)))
	}
	r, _ := f.Follow(10)
	if got, _ := drain(r); len(got) != ringMessages || got[0].id != 11 || got[len(got)-1].id != ringMessages+10 {
		t.Errorf("oldest that is kept: got %d messages, want all of the ring in order", len(got))
	}
	r, _ = f.Follow(9)
	if got, _ := drain(r); len(got) != 1 {
		t.Errorf("what is not kept: got %d messages, want one whole frame", len(got))
	}
}

// TestSeriesKeepTheWholeAct: whatever its length, an act's points are few, begin
// at its beginning, end at its end, and are equally far apart but for the last.
func TestSeriesKeepTheWholeAct(t *testing.T) {
	for _, frames := range []int{1, 2, 1998, 1999, 2000, 2001, 4001, 10_000, 100_003} {
		act := newSummary()
		for i := range frames {
			act.add(frameAt(int64(i)))
		}
		s := act.series()
		n := len(s.T)
		if n > maxPoints || n < min(frames, maxPoints/2) || s.T[0] != 0 || s.T[n-1] != int64(frames-1) {
			t.Errorf("%d frames: got %d points from %d to %d", frames, n, s.T[0], s.T[n-1])
		}
		for i := 2; i < n-1; i++ {
			if s.T[i]-s.T[i-1] != s.T[1]-s.T[0] {
				t.Fatalf("%d frames: got points at %d, %d, want them equally far apart", frames, s.T[i-1], s.T[i])
			}
		}
		if len(s.Sessions) != n || len(s.Offered) != n || len(s.Throttle) != n || len(s.Capacity) != n {
			t.Errorf("%d frames: got slices of different lengths", frames)
		}
	}
	if _, err := NewFeed(Run{}, nil).Series(0); err == nil {
		t.Error("act that has not begun: got no error, want one")
	}
}
