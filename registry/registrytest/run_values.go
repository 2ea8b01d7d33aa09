package registrytest

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

// carry checks that a value comes back as it was sent by every way there is.
func (r *trial) carry(t *testing.T, name, value string) {
	t.Helper()
	e := r.create(t, name, value, time.Minute)
	if got := r.get(t, name); got.Value != value {
		t.Errorf("get: got %s, want %s", short(got.Value), short(value))
	}
	if c := r.next(t, e.Index-1); c.Kind != registry.ChangePut || c.Entry.Value != value {
		t.Errorf("change: got %s, want a put of %s", show(c), short(value))
	}
	if !r.readOnly {
		e = r.refresh(t, name, time.Minute)
	}
	if e.Value != value {
		t.Errorf("refresh: got %s, want %s", short(e.Value), short(value))
	}
	swapped := r.swap(t, name, "harmless", time.Minute, e.Index)
	expectPrevious(t, r.next(t, e.Index), e)
	swapped = r.swap(t, name, value, time.Minute, swapped.Index)
	found := false
	for _, listed := range r.list(t).Entries {
		found = found || listed.Key == swapped.Key && listed.Value == value
	}
	if !found {
		t.Errorf("list: got another value or none, want %s", short(value))
	}
}

func valuesText(t *testing.T, r *trial) {
	control := make([]byte, 0x20)
	for i := range control {
		control[i] = byte(i)
	}
	for i, value := range []string{
		"",
		" ",
		"\n",
		`{"a": "<&;+%>"}`,
		"a=b&c=d;e+f%20g%zz#h?i",
		string(control) + "\x7f",
		`\"'` + "`\\u0000",
		"ä 漢 🜂 \u2028 \u2029 \ufeff \ufffd \U0010ffff e\u0301",
		strings.Repeat("[", 10_000),
	} {
		r.carry(t, strconv.Itoa(i), value)
	}
}

func valuesBytes(t *testing.T, r *trial) {
	if r.TextOnly {
		t.Skip("the backend carries text only: bytes that are not UTF-8 come back changed")
	}
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	for i, value := range []string{string(every), "\xff", "\xc3", "\xed\xa0\x80", "a\x80b"} {
		r.carry(t, strconv.Itoa(i), value)
	}
}

// The lengths lie around where a write may change its form, and at the longest
// value that is decoded.
func valuesLong(t *testing.T, r *trial) {
	for _, length := range []int{1 << 10, 4_000, 4_096, registry.MaxValueBytes - 1, registry.MaxValueBytes} {
		r.carry(t, strconv.Itoa(length), strings.Repeat("0123456789abcdef", length/16+1)[:length])
	}
}

// What another client stores is read as it is, and any of it can be replaced
// and removed.
func valuesHostile(t *testing.T, r *trial) {
	r.needPut(t)
	for i, value := range []string{"", "{", strings.Repeat("%", 5_000), strings.Repeat("x", registry.MaxValueBytes)} {
		name := strconv.Itoa(i)
		if err := r.Put(t.Context(), r.key(name), value, 0); err != nil {
			t.Fatalf("put: got error %v, want none", err)
		}
		e := r.get(t, name)
		if e.Value != value || e.TTL != 0 {
			t.Errorf("get: got %s for %v, want %s for ever", short(e.Value), e.TTL, short(value))
		}
		_, err := r.Writer.Create(t.Context(), e.Key, "mine", time.Minute)
		expectError(t, "create over it", err, registry.ErrExists)
		e = r.swap(t, name, "mine", time.Minute, e.Index)
		r.remove(t, name, e.Index)
	}
}

// A source that says who it is says so in all its answers, or not at all.
func nextCluster(t *testing.T, r *trial) {
	l := r.list(t)
	r.create(t, "a", "1", time.Minute)
	c := r.next(t, l.Index)
	if l.Cluster != "" && c.Cluster != "" && l.Cluster != c.Cluster {
		t.Errorf("cluster: got %s with a change, want the listing's, %s", short(c.Cluster), short(l.Cluster))
	}
	if again := r.list(t); again.Cluster != l.Cluster || again.Missing {
		t.Errorf("cluster: got %s, missing %v, want %s and a directory", short(again.Cluster), again.Missing, short(l.Cluster))
	}
}
