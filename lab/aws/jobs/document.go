package jobs

import (
	"encoding/json"
	"strings"
)

// The placeholders that a document may have (create-manage-jobs, "Presigned URLs"): a URL in the store of files, signed when a device asks.
const (
	placeholder     = "${aws:"
	presignedURL    = "${aws:iot:s3-presigned-url:"
	presignedURLv2  = "${aws:iot:s3-presigned-url-v2:"
	maximumDocument = 32 << 10 // bytes (API reference, CreateJob)
)

// checkDocument tells what is wrong with a document: "" if nothing. presigned is whether the request has a presignedUrlConfig, which placeholders need.
func checkDocument(document string, presigned bool) string {
	switch {
	case document == "":
		return "document is missing; the local cloud takes no documentSource"
	case len(document) > maximumDocument:
		return "document is longer than 32768 bytes"
	case !json.Valid([]byte(document)) || !strings.HasPrefix(strings.TrimLeft(document, " \t\r\n"), "{"):
		return "document is no JSON object" // that it is an object is undocumented; devices take nothing else
	}
	complaint := ""
	visit(document, func(text string) string {
		for rest := text; complaint == ""; {
			_, after, found := strings.Cut(rest, placeholder)
			if !found {
				return text
			}
			url, tail, closed := cutPlaceholder(placeholder + after)
			switch {
			case !closed || !strings.HasPrefix(url, "https://") || url == "https://":
				complaint = "document has a placeholder that is not ${aws:iot:s3-presigned-url:https://...}; the local cloud replaces no others"
			case !presigned:
				complaint = "document has the placeholder of a presigned URL, for which presignedUrlConfig with a roleArn is needed"
			}
			rest = tail
		}
		return text
	})
	return complaint
}

// replace puts what sign makes of the URLs in the place of the placeholders. The document was checked.
func replace(document string, sign func(url string) string) string {
	if !strings.Contains(document, `$`) && !strings.Contains(document, `\u`) {
		return document
	}
	return visit(document, func(text string) string {
		var b strings.Builder
		for {
			before, after, found := strings.Cut(text, placeholder)
			b.WriteString(before)
			if !found {
				return b.String()
			}
			url, tail, _ := cutPlaceholder(placeholder + after)
			b.WriteString(sign(url))
			text = tail
		}
	})
}

// cutPlaceholder takes the placeholder of a presigned URL from the front of text; url "" and closed false if there is another.
func cutPlaceholder(text string) (url, tail string, closed bool) {
	for _, prefix := range []string{presignedURL, presignedURLv2} {
		if rest, ok := strings.CutPrefix(text, prefix); ok {
			return strings.Cut(rest, "}")
		}
	}
	return "", strings.TrimPrefix(text, placeholder), false
}

// visit gives every string of a JSON text to f and puts what it gives in its place. All else stays as it is, to the byte. Strings that f leaves alone
// stay so too.
func visit(document string, f func(string) string) string {
	var b strings.Builder
	for {
		start := strings.IndexByte(document, '"')
		if start < 0 {
			b.WriteString(document)
			return b.String()
		}
		end := start + 1
		for end < len(document) && document[end] != '"' {
			if document[end] == '\\' {
				end++
			}
			end++
		}
		end = min(end+1, len(document))
		literal := document[start:end]
		b.WriteString(document[:start])
		var text string
		if err := json.Unmarshal([]byte(literal), &text); err != nil {
			b.WriteString(literal) // not in JSON
		} else if changed := f(text); changed == text {
			b.WriteString(literal)
		} else {
			b.Write(encode(changed))
		}
		document = document[end:]
	}
}
