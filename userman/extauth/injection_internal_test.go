package extauth

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

const request1, request2 = "auth:jane:example.com:x", "auth:mallory:example.com:y"

func TestProtocol_marksFollowedLines(t *testing.T) {
	t.Parallel()
	requests, failed := Generic.read(t.Context(), strings.NewReader(request1+"\n"+request2+"\n"))
	require.Equal(t, rawRequest{request1, true}, <-requests)
	require.Equal(t, rawRequest{request2, false}, <-requests)
	_, more := <-requests
	require.False(t, more)
	require.NoError(t, <-failed)
}

// On a busy host the second line may be read long after the first one was
// answered.
func TestServer_rejectsFollowedLine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := New(nil, "example.com", &Options{Protocol: Generic})
		requests := make(chan rawRequest, 1)
		go func() {
			<-time.After(time.Minute)
			requests <- rawRequest{text: request2}
		}()
		require.False(t, s.isSingleRequest(t.Context(), rawRequest{text: request1, hasMore: true}, requests))
		require.Empty(t, requests)
		require.True(t, s.isSingleRequest(t.Context(), rawRequest{text: request1}, requests))
	})
}
