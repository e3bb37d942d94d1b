package ami_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/manager/ami"
)

// readAll returns the headers of each message and the final error.
func readAll(r *ami.Reader) (messages [][]ami.Header, end error) {
	for {
		m, err := r.Next()
		if err != nil {
			return messages, err
		}
		var headers []ami.Header
		for name, value := range m.All() {
			headers = append(headers, header(name, value))
		}
		messages = append(messages, headers)
	}
}

func TestReader_Next_splitsMessages(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		stream string
		want   [][]ami.Header
		end    error
	}{
		"nothing":                {"", nil, io.EOF},
		"empty messages":         {"\r\n\n\r\n", nil, io.EOF},
		"CR LF and LF":           {"A: 1\r\nB: 2\n\r\nC: 3\n\n", [][]ami.Header{{header("A", "1"), header("B", "2")}, {header("C", "3")}}, io.EOF},
		"cut in a line":          {"A: 1\r\n\r\nB", [][]ami.Header{{header("A", "1")}}, io.ErrUnexpectedEOF},
		"cut between lines":      {"A: 1\r\n", nil, io.ErrUnexpectedEOF},
		"no colon":               {"abc\n\n", [][]ami.Header{{header("", "abc")}}, io.EOF},
		"no blank":               {"a:b:c\n\n", [][]ami.Header{{header("a", "b:c")}}, io.EOF},
		"only a colon":           {":\n\n", [][]ami.Header{{header("", "")}}, io.EOF},
		"a CR that ends no line": {"a: b\rc\n\r\r\n\n", [][]ami.Header{{header("a", "b\rc"), header("", "\r")}}, io.EOF},
		"NUL":                    {"a: \x00\n\n", [][]ami.Header{{header("a", "\x00")}}, io.EOF},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			whole, end := readAll(ami.NewReader(strings.NewReader(c.stream), 0))
			require.Equal(t, c.want, whole)
			require.ErrorIs(t, end, c.end)
			piecewise, _ := readAll(ami.NewReader(iotest.OneByteReader(strings.NewReader(c.stream)), 0))
			require.Equal(t, c.want, piecewise)
		})
	}
}

func TestReader_Next_limitsMessageSize(t *testing.T) {
	t.Parallel()
	const limit = 100
	for name, stream := range map[string]string{
		"one line":           "a: " + strings.Repeat("x", 200),
		"many lines":         strings.Repeat("a: x\n", 50),
		"longer than a read": "a: " + strings.Repeat("x", 1<<20) + "\n\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			messages, end := readAll(ami.NewReader(strings.NewReader("ok: 1\n\n"+stream), limit))
			require.Len(t, messages, 1)
			require.ErrorIs(t, end, ami.ErrTooLarge)
		})
	}
}

func TestReader_Next_joinsLargeMessage(t *testing.T) {
	t.Parallel()
	body := configAnswer(2_000, 10) // some chunks
	long := "Long: " + strings.Repeat("x", 1<<20) + "\r\n"
	stream := strings.NewReader("Event: First\r\n\r\n" + long + body + "Event: Last\r\n\r\n" + long + "cut")
	messages, end := readAll(ami.NewReader(stream, 0))
	require.ErrorIs(t, end, io.ErrUnexpectedEOF)
	require.Len(t, messages, 3)
	require.Equal(t, []ami.Header{header("Event", "First")}, messages[0])
	require.Equal(t, []ami.Header{header("Event", "Last")}, messages[2])
	large := messages[1]
	require.Len(t, large, 1+2_000*11)
	require.Len(t, large[0].Value, 1<<20)
	for i := range 2_000 {
		require.Equal(t, header(fmt.Sprintf("Category-%06d", i), fmt.Sprintf("account_%d", i)), large[1+11*i])
		require.Equal(t, fmt.Sprintf("Line-%06d-%06d", i, 9), large[11+11*i].Name)
	}
}

func TestReader_Next_roundTrip(t *testing.T) {
	t.Parallel()
	value := rapid.StringMatching(`[^\r\n]{0,40}`)
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOf(rapid.SliceOfN(rapid.Custom(func(t *rapid.T) ami.Header {
			return header(rapid.StringMatching(`[A-Za-z][A-Za-z0-9-]{0,10}`).Draw(t, "name"), value.Draw(t, "value"))
		}), 1, 8)).Draw(t, "messages")
		var stream strings.Builder
		for _, message := range want {
			for _, h := range message {
				end := rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(t, "line end")
				stream.WriteString(h.Name + ": " + h.Value + end)
			}
			stream.WriteString(rapid.SampledFrom([]string{"\n", "\r\n", "\n\r\n\n"}).Draw(t, "message end"))
		}
		got, end := readAll(ami.NewReader(strings.NewReader(stream.String()), 0))
		require.ErrorIs(t, end, io.EOF)
		require.Len(t, got, len(want))
		for i := range want {
			require.Equal(t, want[i], got[i])
		}
	})
}

func TestNewReader_defaultLimitAllowsLargeFile(t *testing.T) {
	t.Parallel()
	const hundredth = 1_000 // of 100 000 sections with 10 lines each
	require.Less(t, 100*len(configAnswer(hundredth, 10)), ami.DefaultMaxMessage)
}

// FuzzReader reads a stream in pieces of two sizes. The messages must be equal,
// without line breaks, and within the limit, and the reader must terminate.
func FuzzReader(f *testing.F) {
	for _, seed := range []string{
		"Asterisk Call Manager/11.0.0\r\nResponse: Success\r\nActionID: 1\r\nMessage: Authentication accepted\r\n\r\n",
		"Event: FullyBooted\r\nPrivilege: system,all\r\n\r\n\r\nResponse: Error\r\nMessage: Unable to retrieve endpoint x\n\r\n\r\n",
		"Response: Success\r\nCategory-000000: a\r\nLine-000000-000000: =k=v\r\n\r\n",
		"Response: Success\r\nMessage: Command output follows\r\nOutput: a: b\r\nOutput: \r\n\r\n",
		"a: b\r\r\n\r\r\n\n:\n\n: \n\n\x00\n\nno end",
	} {
		f.Add([]byte(seed), 4096)
		f.Add([]byte(seed), 16)
	}
	f.Fuzz(func(t *testing.T, stream []byte, limit int) {
		limit = 1 + min(max(limit, 0), 1<<16)
		whole, end := readAll(ami.NewReader(strings.NewReader(string(stream)), limit))
		again, sameEnd := readAll(ami.NewReader(iotest.HalfReader(strings.NewReader(string(stream))), limit))
		require.Equal(t, whole, again)
		require.Equal(t, errors.Is(end, ami.ErrTooLarge), errors.Is(sameEnd, ami.ErrTooLarge))
		for _, message := range whole {
			require.NotEmpty(t, message)
			size := 0
			for _, h := range message {
				require.NotContains(t, h.Name+h.Value, "\n")
				size += len(h.Name) + len(h.Value)
			}
			require.LessOrEqual(t, size, limit)
		}
	})
}
