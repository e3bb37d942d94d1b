package serving

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMetrics_labelRoutesNotPaths(t *testing.T) {
	t.Parallel()
	b := setup(t, localBaseURL)
	b.mux.HandleFunc("GET /administrators/{username}", func(http.ResponseWriter, *http.Request) {})
	b.do(t, http.MethodGet, localBaseURL+"/administrators/jane.admin")
	b.do(t, http.MethodGet, localBaseURL+"/administrators/root.admin")
	b.do(t, "INVENTED", localBaseURL+"/nowhere/jane.admin")
	text := b.do(t, http.MethodGet, localBaseURL+"/metrics").Body.String()
	require.Contains(t, text, `http_requests_total{code="200",method="GET",route="GET /administrators/{username}"} 2`)
	require.Contains(t, text, `http_request_duration_seconds_count{method="GET",route="GET /administrators/{username}"} 2`)
	require.Contains(t, text, `method="other"`)
	require.Contains(t, text, "go_goroutines")
	require.Contains(t, text, "go_build_info")
	require.NotContains(t, text, "jane.admin")
	require.NotContains(t, text, "INVENTED")
}
