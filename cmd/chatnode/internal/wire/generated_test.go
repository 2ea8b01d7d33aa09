package wire_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

// The generated code is committed: it must be what the .proto files say now.
func TestGeneratedCodeMatchesItsSource(t *testing.T) {
	protoc, err := exec.LookPath("protoc")
	if err != nil {
		t.Skip("protoc is not installed")
	}
	for _, file := range []protoreflect.FileDescriptor{
		wire.File_wire_entities_proto, wire.File_wire_loader_proto, wire.File_wire_store_proto,
	} {
		out := filepath.Join(t.TempDir(), "descriptor")
		if text, err := exec.CommandContext(t.Context(), protoc, "-I=..", "--descriptor_set_out="+out, file.Path()).CombinedOutput(); err != nil {
			t.Fatalf("protoc %s: %v\n%s", file.Path(), err, text)
		}
		encoded, err := os.ReadFile(out)
		if err != nil {
			t.Fatalf("read what protoc wrote: %v", err)
		}
		var source descriptorpb.FileDescriptorSet
		if err := proto.Unmarshal(encoded, &source); err != nil || len(source.GetFile()) != 1 {
			t.Fatalf("decode %s: got %d files, %v, want 1", file.Path(), len(source.GetFile()), err)
		}
		if generated := protodesc.ToFileDescriptorProto(file); !proto.Equal(source.GetFile()[0], generated) {
			t.Errorf("%s: the generated code is out of date: run go generate", file.Path())
		}
	}
}

// The versions that doc.go pins are the ones that wrote the committed code.
func TestPluginsArePinned(t *testing.T) {
	doc := read(t, "doc.go")
	for _, row := range []struct{ plugin, written string }{
		{"protoc-gen-go", "entities.pb.go"},
		{"protoc-gen-go-grpc", "loader_grpc.pb.go"},
	} {
		pinned := regexp.MustCompile(`/` + row.plugin + `@(v[0-9.]+)`).FindStringSubmatch(doc)
		wrote := regexp.MustCompile(row.plugin + `\s+(v[0-9.]+)`).FindStringSubmatch(read(t, row.written))
		if pinned == nil || wrote == nil || pinned[1] != wrote[1] {
			t.Errorf("%s: pinned %v, %s was written by %v: want the same", row.plugin, pinned, row.written, wrote)
		}
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("read %s: %v", file, err)
	}
	return string(content)
}
