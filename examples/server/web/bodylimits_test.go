package web_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/internal/httplimit"
)

// announce sends a request with a body of that length, of which it sends no byte, and
// returns the response. It fails unless the server answers without the body.
func (m *matrix) announce(token string, op *matrixOperation, to target, length int) answer {
	m.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(m.server.URL, "http://"))
	require.NoError(m, err)
	defer func() { _ = conn.Close() }()
	contentType := "application/json"
	switch {
	case op.picture:
		contentType = "image/png"
	case strings.HasSuffix(op.path, "/picture"):
		contentType = "multipart/form-data; boundary=x"
	case op.page:
		contentType = "application/x-www-form-urlencoded"
	}
	_, err = fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n",
		op.method, op.fill(to), token, contentType, length)
	require.NoError(m, err)
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(m, err)
	body, err := io.ReadAll(response.Body)
	require.NoError(m, err)
	require.NoError(m, response.Body.Close())
	return answer{response.StatusCode, response.Header.Get("Location"), string(body)}
}

func TestPages_bodiesOfAllRoutesAreBounded(t *testing.T) {
	t.Parallel()
	m := newMatrix(t)
	const form, file = 1 << 20, 5 << 20
	for _, op := range m.operations() {
		if op.method == http.MethodGet {
			continue
		}
		to := m.sharedRecord(op.section, "inside")
		// Without a login, nothing is read of what needs one.
		a := m.announce("", op, to, form)
		if op.rule == public {
			require.Equal(t, http.StatusRequestEntityTooLarge, a.status, "%s without a login: %s", op.id, a)
			a = m.announce("", op, to, httplimit.MaxAnonymousBytes+1)
			require.Equal(t, http.StatusRequestEntityTooLarge, a.status, "%s without a login: %s", op.id, a)
			op.requireSmall(m, to)
			continue
		}
		require.True(t, a.requiresLogin(op.page), "%s without a login: %s", op.id, a)

		limit, want := form, http.StatusRequestEntityTooLarge
		switch {
		case op.picture:
			limit = file + 64<<10
		case op.page && strings.HasSuffix(op.path, "/picture"):
			limit, want = file+64<<10, http.StatusUnprocessableEntity // the form says so
		}
		a = m.announce(m.full.token, op, to, limit+1)
		require.Equal(t, want, a.status, "%s: %s", op.id, a)
	}
}

// requireSmall requires that a public operation takes no more from an administrator
// than from others.
func (op *matrixOperation) requireSmall(m *matrix, to target) {
	m.Helper()
	contentType := "application/json"
	if op.page {
		contentType = "application/x-www-form-urlencoded"
	}
	request, err := http.NewRequestWithContext(m.Context(), op.method, m.server.URL+op.fill(to), strings.NewReader(strings.Repeat("x", httplimit.MaxAnonymousBytes+1)))
	require.NoError(m, err)
	request.Header.Set("Content-Type", contentType)
	request.Header.Set("Authorization", "Bearer "+m.full.token)
	response, err := m.anonymous.client.Do(request)
	require.NoError(m, err)
	require.NoError(m, response.Body.Close())
	require.Equal(m, http.StatusRequestEntityTooLarge, response.StatusCode, op.id)
}
