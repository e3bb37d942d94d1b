package dialect_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
	"github.com/pbxusers/pbxusers/internal/testservers"
	"github.com/pbxusers/pbxusers/manager/ami"
	"github.com/pbxusers/pbxusers/store"
)

// rawAMI returns the answers of a real Asterisk byte by byte. A client that
// splits hostile answers into headers cannot do that.
type rawAMI struct {
	conn net.Conn
	r    *bufio.Reader
	n    int
}

func dialRaw(t *testing.T, a *testservers.Asterisk) *rawAMI {
	t.Helper()
	conn, err := net.Dial("tcp", a.AMIAddr)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	r := &rawAMI{conn: conn, r: bufio.NewReader(conn)}
	_, err = fmt.Fprintf(conn, "Action: Login\r\nUsername: %s\r\nSecret: %s\r\nEvents: off\r\n\r\n", a.AMIUser, a.AMISecret)
	require.NoError(t, err)
	_, err = r.readUntil("Message: Authentication accepted\r\n\r\n")
	require.NoError(t, err)
	return r
}

// getConfig returns the answer to GetConfig. A following ping marks its end,
// because a key can contain an empty line.
func (r *rawAMI) getConfig(name string) (string, error) {
	r.n++
	_, err := fmt.Fprintf(r.conn, "Action: GetConfig\r\nFilename: %s\r\n\r\nAction: Ping\r\nActionID: mark-%d\r\n\r\n", name, r.n)
	if err != nil {
		return "", err
	}
	mark := fmt.Sprintf("Response: Success\r\nActionID: mark-%d\r\n", r.n)
	answer, err := r.readUntil(mark)
	if err != nil {
		return "", err
	}
	_, err = r.readUntil("\r\n\r\n")
	return strings.TrimSuffix(answer, mark), err
}

func (r *rawAMI) readUntil(end string) (string, error) {
	const patience = 30 * time.Second
	if err := r.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return "", err
	}
	var b bytes.Buffer
	for !bytes.HasSuffix(b.Bytes(), []byte(end)) {
		line, err := r.r.ReadSlice('\n')
		b.Write(line)
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return "", fmt.Errorf("after %d bytes: %w", b.Len(), err)
		}
	}
	return b.String(), nil
}

// asteriskHangs reports whether a file must not be sent to Asterisk: it would
// loop forever, or read more than this test lets Parse read.
func asteriskHangs(tree *dialect.Tree) bool {
	for _, f := range tree.Findings {
		switch f.Code {
		case dialect.FindingCommentDepth, dialect.FindingSelfInheritance, dialect.FindingTooLarge:
			return true
		}
	}
	return false
}

// TestParse_corpusAgreesWithAsterisk lets a real Asterisk read the whole corpus
// and compares every byte of its answers.
func TestParse_corpusAgreesWithAsterisk(t *testing.T) {
	t.Parallel()
	a := testservers.StartAsterisk(t, nil)
	require.NoError(t, os.CopyFS(filepath.Join(a.ConfDir, "dialect"), os.DirFS(dialectDir)))
	// Includes are relative to the configuration folder.
	require.NoError(t, os.CopyFS(filepath.Join(a.ConfDir, "inc"), os.DirFS(dialectDir+"/inc")))
	conn := dialRaw(t, a)
	for _, name := range dialectFiles(t) {
		content, err := os.ReadFile(filepath.Join(dialectDir, name))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(a.ConfDir, name), content, 0o644))
		tree, err := dialect.ParseFile(a.ConfDir, name, nil)
		require.NoError(t, err)
		got, err := conn.getConfig(name)
		require.NoError(t, err, name)
		require.Equal(t, got, getConfig(tree), name)
	}
}

// TestParse_fuzzCorpusAgreesWithAsterisk does the same with the saved corpus of
// FuzzParse.
func TestParse_fuzzCorpusAgreesWithAsterisk(t *testing.T) {
	t.Parallel()
	a := testservers.StartAsterisk(t, nil)
	conn := dialRaw(t, a)
	require.NoError(t, os.MkdirAll(filepath.Join(a.ConfDir, "inc"), 0o755))
	paths, err := filepath.Glob("testdata/fuzz/FuzzParse/*")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		file, included := fuzzInput(t, path)
		require.NoError(t, os.WriteFile(filepath.Join(a.ConfDir, "fuzz.conf"), []byte(file), 0o644))
		require.NoError(t, os.WriteFile(filepath.Join(a.ConfDir, "inc", "ok.inc"), []byte(included), 0o644))
		tree, err := dialect.ParseFile(a.ConfDir, "fuzz.conf", &dialect.ParseFileOptions{MaxBytes: 1 << 21})
		require.NoError(t, err)
		if asteriskHangs(tree) {
			continue
		}
		got, err := conn.getConfig("fuzz.conf")
		require.NoError(t, err, path)
		require.Equal(t, got, getConfig(tree), path)
	}
}

// fuzzInput reads a corpus file, which has two lines []byte("...").
func fuzzInput(t *testing.T, path string) (file, included string) {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(string(content)), "\n")
	require.Len(t, lines, 3, path)
	for i, text := range []*string{&file, &included} {
		quoted := strings.TrimSuffix(strings.TrimPrefix(lines[i+1], "[]byte("), ")")
		*text, err = strconv.Unquote(quoted)
		require.NoError(t, err, path)
	}
	return file, included
}

// TestParse_randomFilesAgreeWithAsterisk does the same with random files.
func TestParse_randomFilesAgreeWithAsterisk(t *testing.T) {
	t.Parallel()
	a := testservers.StartAsterisk(t, nil)
	conn := dialRaw(t, a)
	require.NoError(t, os.MkdirAll(filepath.Join(a.ConfDir, "inc"), 0o755))
	rapid.Check(t, func(t *rapid.T) {
		for _, name := range []string{"t0.conf", "t1.conf", "inc/a.inc", "inc/b.inc"} {
			require.NoError(t, os.WriteFile(filepath.Join(a.ConfDir, name), arbitraryFile().Draw(t, name), 0o644))
		}
		tree, err := dialect.ParseFile(a.ConfDir, "t0.conf", &dialect.ParseFileOptions{MaxBytes: 1 << 21})
		require.NoError(t, err)
		if asteriskHangs(tree) {
			return
		}
		got, err := conn.getConfig("t0.conf")
		require.NoError(t, err)
		require.Equal(t, got, getConfig(tree))
	})
}

// TestWriter_agreesWithAsterisk lets a real Asterisk read what the writer
// writes for random sections.
func TestWriter_agreesWithAsterisk(t *testing.T) {
	t.Parallel()
	a := testservers.StartAsterisk(t, nil)
	client, err := ami.Dial(t.Context(), a.AMIAddr, &ami.Options{Username: a.AMIUser, Secret: store.NewSecret(a.AMISecret)})
	require.NoError(t, err)
	t.Cleanup(func() { _ = client.Close() })
	rapid.Check(t, func(rt *rapid.T) {
		sections := rapid.SliceOfN(validSection(), 0, 20).Draw(rt, "sections")
		file := writeSections(rt, sections)
		require.NoError(rt, os.WriteFile(filepath.Join(a.ConfDir, "written.conf"), file, 0o644))
		got, err := client.ReadConfig(t.Context(), "written.conf")
		require.NoError(rt, err)
		requireSections(rt, sections, got)
	})
}
