// Command crash is a firmware that crashes at its start.
package main

func main() {
	var nothing *int
	*nothing = 1
}
