package api_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheListIsReadPageByPage(t *testing.T) {
	t.Parallel()
	v := start(t).as(t, "root")
	var made, read []any
	for i := range 7 {
		name := fmt.Sprint("crm", i)
		v.call(t, http.MethodPost, "/managers", map[string]any{"name": name}).is(t, http.StatusCreated)
		made = append(made, name)
	}
	for after := ""; len(read) < 7; {
		page := v.call(t, http.MethodGet, "/managers?limit=3&sort=name&after="+url.QueryEscape(after), nil).is(t, http.StatusOK).object(t)
		items, _ := page["items"].([]any)
		require.NotEmpty(t, items)
		for _, item := range items {
			shown, _ := item.(map[string]any)
			read = append(read, shown["name"])
		}
		after, _ = page["next"].(string)
		require.Equal(t, len(read) == 7, after == "")
	}
	require.Equal(t, made, read)
}
