// A compiled target of deliveries: it answers each POST with 200 and counts.
// GET /stats returns the number of posts and the times of the first and the last of them, in
// nanoseconds since 1970; GET /forget begins to count anew.
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

var count, first, last atomic.Int64

func receive(answer http.ResponseWriter, request *http.Request) {
	now := time.Now().UnixNano()
	switch request.URL.Path {
	case "/stats":
		fmt.Fprintf(answer, "%d %d %d", count.Load(), first.Load(), last.Load())
	case "/forget":
		count.Store(0)
		first.Store(0)
	default:
		io.Copy(io.Discard, request.Body)
		first.CompareAndSwap(0, now)
		last.Store(now)
		count.Add(1)
	}
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Printf("http://%s\n", listener.Addr())
	panic(http.Serve(listener, http.HandlerFunc(receive)))
}
