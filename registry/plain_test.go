package registry

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"
)

// written is a record as Encode spells it, with every member.
func written(tb testing.TB) string {
	tb.Helper()
	value, err := Encode(Instance{
		Service: "api", ID: "a", Incarnation: "0f3c", Host: "10.0.0.7", Port: 50051, Zone: "eu-1", Weight: 7,
		State: StateDraining, Meta: map[string]string{"shard": "3", "of": "16"},
	})
	if err != nil {
		tb.Fatal(err)
	}
	return value
}

const bare = `{"v":1,"service":"api","id":"a","host":"h","port":1}`

// TestPlain: what is plain is read without the parser, what is not is left to it.
func TestPlain(t *testing.T) {
	for name, row := range map[string]struct {
		value string
		plain bool
	}{
		"as written":        {written(t), true},
		"bare":              {bare, true},
		"another order":     {`{"port":1,"host":"h","id":"a","service":"api","v":1}`, true},
		"empty meta":        {`{"v":1,"service":"api","id":"a","host":"h","port":1,"meta":{}}`, true},
		"space":             {strings.Replace(bare, ",", ", ", 1), false},
		"unknown member":    {strings.Replace(bare, `"v"`, `"x":[1],"v"`, 1), false},
		"escape":            {strings.Replace(bare, `"h"`, `"\u0068"`, 1), false},
		"not ASCII":         {strings.Replace(bare, `"port"`, `"zone":"zürich","port"`, 1), false},
		"twice":             {strings.Replace(bare, `"v"`, `"host":"h","v"`, 1), false},
		"twice in meta":     {strings.Replace(bare, `"v"`, `"meta":{"a":"1","a":"1"},"v"`, 1), false},
		"of another key":    {strings.Replace(bare, `"a"`, `"b"`, 1), false},
		"another version":   {strings.Replace(bare, `"v":1`, `"v":2`, 1), false},
		"leading zero":      {strings.Replace(bare, `"port":1`, `"port":01`, 1), false},
		"port out of range": {strings.Replace(bare, `"port":1`, `"port":65536`, 1), false},
		"fraction":          {strings.Replace(bare, `"port":1`, `"port":1.0`, 1), false},
		"no port":           {`{"v":1,"service":"api","id":"a","host":"h"}`, false},
		"cut off":           {bare[:len(bare)-1], false},
		"followed":          {bare + " ", false},
		"comma at the end":  {strings.Replace(bare, "}", ",}", 1), false},
		"wrong sum":         {strings.Replace(bare, "}", `,"sum":"00000000"}`, 1), false},
		"short sum":         {strings.Replace(bare, "}", `,"sum":""}`, 1), false},
		"empty":             {"", false},
	} {
		t.Run(name, func(t *testing.T) {
			got, plain := decodePlain("api", "a", row.value)
			if plain != row.plain {
				t.Fatalf("plain: got %t, want %t", plain, row.plain)
			}
			if want, err := parse("api", "a", row.value); plain && (err != nil || !got.Equal(want)) {
				t.Errorf("instance: got %+v, want %+v (%v)", got, want, err)
			}
		})
	}
}

// TestPlainKeepsNoRecord: an instance may stay for long, and its record may be
// 64 KiB that nobody wants.
func TestPlainKeepsNoRecord(t *testing.T) {
	for _, value := range []string{written(t), bare} {
		in, plain := decodePlain("api", "a", value)
		if !plain {
			t.Fatal("plain: got false")
		}
		texts := []string{in.Service, in.ID, in.Incarnation, in.Host, in.Zone, string(in.State)}
		texts = append(texts, slices.Collect(maps.Keys(in.Meta))...)
		texts = append(texts, slices.Collect(maps.Values(in.Meta))...)
		begin := uintptr(unsafe.Pointer(unsafe.StringData(value)))
		for _, text := range texts {
			at := uintptr(unsafe.Pointer(unsafe.StringData(text)))
			if text != "" && begin <= at && at < begin+uintptr(len(value)) {
				t.Errorf("%q: got a part of the record, want a copy", text)
			}
		}
	}
}

// agree holds plain to what the parser says.
func agree(t *testing.T, value string) (plain bool) {
	t.Helper()
	if Screen(value) != nil {
		return false
	}
	got, plain := decodePlain("api", "a", value)
	if want, err := parse("api", "a", value); plain && (err != nil || !got.Equal(want)) {
		t.Fatalf("%q: got %+v, want what the parser says, %+v (%v)", value, got, want, err)
	}
	return plain
}

func FuzzPlain(f *testing.F) {
	f.Add(written(f))
	f.Add(bare)
	f.Add(strings.Replace(bare, "}", `,"meta":{"a":"b"}}`, 1))
	f.Fuzz(func(t *testing.T, value string) { agree(t, value) })
}

// TestPlainAgreesOnMutations: a few bytes of a good record are others.
func TestPlainAgreesOnMutations(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 4))
	const letters = `"{}[]:,\0159 abhv-` + "\x00\x7f\xc3"
	accepted := 0
	unsummed := written(t)[:strings.Index(written(t), `,"sum"`)] + "}"
	good := []string{written(t), unsummed, bare}
	for range 100_000 {
		value := []byte(good[rng.IntN(len(good))])
		for range 1 + rng.IntN(3) {
			at := rng.IntN(len(value))
			switch rng.IntN(3) {
			case 0:
				value[at] = letters[rng.IntN(len(letters))]
			case 1:
				value = slices.Delete(value, at, at+1)
			case 2:
				value = slices.Insert(value, at, letters[rng.IntN(len(letters))])
			}
		}
		if agree(t, string(value)) {
			accepted++
		}
	}
	if accepted == 0 {
		t.Error("mutations that are plain: got none, want some")
	}
}
