package api

import (
	"net/http"
	"net/url"
	"path"
	"strings"
	"unicode/utf8"
)

// validateURL rejects requests whose path or query readers understand differently.
func validateURL(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p := checkURL(r.URL); p != nil {
			p.write(w)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func checkURL(u *url.URL) *problem {
	if !isValidText(u.Path) || path.Clean(u.EscapedPath()) != u.EscapedPath() {
		return pathNotFoundProblem()
	}
	invalid := func(code, message string) *problem {
		return newInvalidProblem(http.StatusBadRequest, fieldProblem{"query", code, message})
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return invalid("encoding", "the query is malformed; write %25 for % and %3B for ;")
	}
	for name, values := range query {
		switch {
		case len(values) > 1:
			return invalid("duplicate", "a parameter occurs more than once")
		case !isValidText(name) || !isValidText(values[0]):
			return invalid("encoding", "write the query in UTF-8, without NUL")
		}
	}
	return nil
}

func isValidText(text string) bool { return utf8.ValidString(text) && !strings.ContainsRune(text, 0) }

func pathNotFoundProblem() *problem {
	return newProblem(http.StatusNotFound, "no_such_path", "no such path; see "+prefix+"/openapi.json")
}

// notFound answers every path and method without an operation.
func (a *api) notFound(w http.ResponseWriter, r *http.Request) {
	var allowed []string
	for _, method := range []string{http.MethodDelete, http.MethodGet, http.MethodHead, http.MethodPatch, http.MethodPost, http.MethodPut} {
		probe := r.Clone(r.Context())
		probe.Method = method
		if _, pattern := a.mux.Handler(probe); pattern != "/" {
			allowed = append(allowed, method)
		}
	}
	if len(allowed) == 0 {
		pathNotFoundProblem().write(w)
		return
	}
	newProblem(http.StatusMethodNotAllowed, "method_not_allowed", "this path takes "+strings.Join(allowed, ", ")+" only").
		withHeader("Allow", strings.Join(allowed, ", ")).write(w)
}
