package main

//go:generate protoc --go_out=. --go_opt=module=github.com/spacedrive-go/spacedrive/contrib/bench/peers/grpc --go-grpc_out=. --go-grpc_opt=module=github.com/spacedrive-go/spacedrive/contrib/bench/peers/grpc bench.proto
