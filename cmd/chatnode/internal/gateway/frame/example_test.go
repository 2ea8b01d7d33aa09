package frame_test

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/frame"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
)

// One dispatch goes to two clients: one reads text, the other one compressed stream. It is compressed once, and each has a
// number of its own.
func Example() {
	typing := frame.New(protocol.Encode(protocol.TypingStart, map[string]string{"user_id": "7"}))
	var plain, stream frame.Encoder
	stream.SetMode(frame.Stream)

	message, binary := plain.Append(nil, 7, typing)
	fmt.Println(string(message), binary)

	message, binary = stream.Append(nil, 0, protocol.Text(`{"op":11}`))
	message, _ = stream.Append(message, 12, typing)
	z, err := zlib.NewReader(bytes.NewReader(message))
	if err != nil {
		fmt.Println(err)
		return
	}
	text := make([]byte, 9+len(`{"s":12,`)+len(typing.Text()))
	_, err = io.ReadFull(z, text)
	fmt.Println(string(text), binary, err)
	// Output:
	// {"s":7,"t":"TYPING_START","op":0,"d":{"user_id":"7"}} false
	// {"op":11}{"s":12,"t":"TYPING_START","op":0,"d":{"user_id":"7"}} true <nil>
}
