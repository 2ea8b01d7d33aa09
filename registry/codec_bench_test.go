package registry_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/firebreak-go/firebreak/registry"
)

// BenchmarkDecode has encoding/json's decoder, which checks much less, as the
// baseline of the same run.
func BenchmarkDecode(b *testing.B) {
	value, err := registry.Encode(registry.Instance{
		Service: "api", ID: "api-7", Incarnation: "0f3c1a2b", Host: "10.0.0.7", Port: 50051, Zone: "eu-1",
	})
	if err != nil {
		b.Fatalf("Encode: got %v, want no error", err)
	}
	unsummed := value[:strings.Index(value, `,"sum"`)] + "}" // for a sum is over the spelling too
	for name, spelled := range map[string]string{"as-written": value, "with-a-space": " " + unsummed} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := registry.Decode("api", "api-7", spelled); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("encoding-json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var instance registry.Instance
			if err := json.Unmarshal([]byte(value), &instance); err != nil {
				b.Fatal(err)
			}
		}
	})
}
