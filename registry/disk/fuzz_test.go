package disk

import (
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

// FuzzDecode: any bytes are refused or a snapshot that is saved and loaded alike.
// The checksum is left out, which no accident passes.
func FuzzDecode(f *testing.F) {
	const directory = "/services/api/"
	value, err := registry.Encode(registry.Instance{Service: "api", ID: "a", Host: "h", Port: 1})
	if err != nil {
		f.Fatal(err)
	}
	in, err := registry.Decode("api", "a", value)
	if err != nil {
		f.Fatal(err)
	}
	s := &registry.Snapshot{Directory: directory, Rows: registry.NewRows([]registry.Row{{Key: directory + "a", Instance: in}})}
	data, err := encode(s, time.Unix(1, 0))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add(data[len(magic)+sumDigits+1:])
	for _, seed := range []string{"", magic, "null", "{}", `{"rows":[null]}`, `{"directory":"/services/api/","rows":[{"key":"/services/api/a"}]}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if got, err := decode(data, directory); (got == nil) == (err == nil) {
			t.Errorf("file: got %v and error %v, want one of them", got, err)
		}
		got, err := decodeBody(data, directory)
		if err != nil {
			return
		}
		again, err := encode(got, got.At)
		if err != nil {
			t.Fatalf("save of what was loaded: got error %v", err)
		}
		twice, err := decode(again, directory)
		if err != nil || twice.Rows.Len() != got.Rows.Len() || twice.Index != got.Index {
			t.Errorf("load of what was saved: got %+v, %v, want %+v", twice, err, got)
		}
	})
}
