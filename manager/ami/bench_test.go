package ami_test

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/manager/ami"
	"github.com/pbxusers/pbxusers/manager/ami/amitest"
)

// configAnswer returns the answer to GetConfig without its first headers.
func configAnswer(sections, lines int) string {
	var b strings.Builder
	for i := range sections {
		fmt.Fprintf(&b, "Category-%06d: account_%d\r\n", i, i)
		for j := range lines {
			fmt.Fprintf(&b, "Line-%06d-%06d: option_%d=some value of usual length\r\n", i, j, j)
		}
	}
	return b.String() + "\r\n"
}

// BenchmarkReadConfig reads 10 000 sections of 11 lines, which the server sends
// in one piece. It compares that with receiving the same bytes only.
func BenchmarkReadConfig(b *testing.B) {
	const sections, lines = 10_000, 11
	body := configAnswer(sections, lines)
	server := newServer(b, nil)
	server.Handle("GetConfig", func(c *amitest.Conn, r *amitest.Request) {
		c.Write("Response: Success\r\nActionID: " + r.Get("ActionID") + "\r\n")
		c.Write(body)
	})
	b.Run("ReadConfig", func(b *testing.B) {
		client := dial(b, server, testOptions(b))
		b.SetBytes(int64(len(body)))
		b.ReportAllocs()
		for b.Loop() {
			got, err := client.ReadConfig(b.Context(), "manager.conf")
			require.NoError(b, err)
			require.Len(b, got, sections)
		}
	})
	b.Run("receive only", func(b *testing.B) {
		addr := serveRaw(b, func(c net.Conn) { _, _ = io.WriteString(c, body) })
		b.SetBytes(int64(len(body)))
		for b.Loop() {
			conn, err := net.Dial("tcp", addr)
			require.NoError(b, err)
			_, err = io.Copy(io.Discard, conn)
			require.NoError(b, err)
			require.NoError(b, conn.Close())
		}
	})
}

// BenchmarkReaderEvents reads events of typical size.
func BenchmarkReaderEvents(b *testing.B) {
	event := "Event: Newstate\r\nPrivilege: call,all\r\n" + strings.Repeat("ChannelStateDesc: Ringing\r\n", 20) + "\r\n"
	stream := strings.Repeat(event, 1000)
	b.SetBytes(int64(len(stream)))
	b.ReportAllocs()
	for b.Loop() {
		reader := ami.NewReader(strings.NewReader(stream), 0)
		for {
			m, err := reader.Next()
			if err != nil {
				break
			}
			if m.Get("Event") == "" {
				b.Fatal("no event")
			}
		}
	}
}

// BenchmarkDo measures one round trip on the loopback.
func BenchmarkDo(b *testing.B) {
	_, client := newServerAndClient(b)
	b.ReportAllocs()
	for b.Loop() {
		_, err := client.Do(b.Context(), action("Ping"))
		require.NoError(b, err)
	}
}
