package serving

import (
	"encoding/json"
	"html/template"
	"net/http"
	"strings"
)

// internalErrorDetail is the message of every internal error.
const internalErrorDetail = "internal error; try again, and see the log of the server if it happens again"

// problemDetails is an error response as in RFC 9457.
type problemDetails struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	Code   string `json:"code"`
}

var problemPage = template.Must(template.New("problem").Parse(`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{{.Title}}</title></head>
<body><main><h1>{{.Title}}</h1><p>{{.Detail}}.</p><p><a href="/">Go to the overview</a></p></main></body>
</html>
`))

// writeProblem answers with a status and a message, and drops the headers that a
// handler set: as a problem below /api/, as a page elsewhere.
func (s *Server) writeProblem(w http.ResponseWriter, r *http.Request, status int, detail string) {
	clear(w.Header())
	s.setSecurityHeaders(w.Header())
	details := problemDetails{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail, Code: problemCode(status)}
	if strings.HasPrefix(r.URL.Path, "/api/") {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(status)
		if problem, err := json.Marshal(details); err == nil {
			_, _ = w.Write(problem)
		}
		return
	}
	details.Detail = strings.ToUpper(detail[:1]) + detail[1:]
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_ = problemPage.Execute(w, details)
}

// problemCode is a short, stable code for programs, as in package api.
func problemCode(status int) string {
	switch status {
	case http.StatusForbidden:
		return "cross_origin"
	case http.StatusNotFound:
		return "not_found"
	case http.StatusMisdirectedRequest:
		return "misdirected"
	}
	return "failed"
}
