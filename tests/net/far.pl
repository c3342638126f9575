#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# far.pl DELAY-MS LOSS-PERCENT TWICE-PERCENT: carries frames between eth0 and
# eth1 as a long way does, since not every kernel has netem. SEED repeats it.
use strict;
use warnings;
use Fcntl;
use Socket;
use Time::HiRes qw(time);

my ($delay_ms, $loss, $twice) = @ARGV;
my $seed = $ENV{SEED} // int(time);
print "SEED=$seed\n";
srand $seed;

sub port {
	my $name = shift;
	socket my $port, 17, SOCK_RAW, 0 or die "AF_PACKET: $!";
	setsockopt $port, 263, 23, 1 or die "PACKET_IGNORE_OUTGOING: $!";
	setsockopt $port, SOL_SOCKET, 33, 1 << 23;    # SO_RCVBUFFORCE
	setsockopt $port, SOL_SOCKET, SO_RCVBUF, 1 << 23;
	open my $file, '<', "/sys/class/net/$name/ifindex" or die "$name: $!";
	bind $port, pack 'S n l S C C x8', 17, 3, <$file>, 0, 0, 0
	    or die "bind $name: $!";
	fcntl $port, F_SETFL, O_NONBLOCK or die "fcntl: $!";
	return $port;
}

my @port = map { port $_ } qw(eth0 eth1);
my @way;    # [when, to which port, frame], by time
for (;;) {
	my $ready = '';
	vec($ready, fileno $_, 1) = 1 for @port;
	my $wait = @way ? $way[0][0] - time : undef;
	select $ready, undef, undef, !defined $wait || $wait > 0 ? $wait : 0;
	my $now = time;
	for my $from (0, 1) {
		while (defined recv $port[$from], my $frame, 65536, 0) {
			next if rand 100 < $loss;
			push @way, [$now + $delay_ms / 1000, 1 - $from, $frame]
			    for 1 .. 1 + (rand 100 < $twice);
		}
	}
	while (@way && $way[0][0] <= time) {
		my $due = shift @way;
		send $port[$due->[1]], $due->[2], 0;
	}
}
