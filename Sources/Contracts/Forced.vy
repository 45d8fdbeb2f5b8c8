# pragma version 0.4.3
# pragma evm-version cancun
"""
@title Forced commands: what an owner has the exchange do without its operator's leave
@license Apache-2.0
@notice Anyone appends commands of his own to the inbox; the caller's address stands in for a signature. The exchange must
        consume them within the inbox deadline, or anyone halts it. Nobody can refuse, take back or reorder them.
@dev A message has a price, so that filling the inbox costs the one who fills it. What is paid waits here for the sequencer,
     who works for it: no call to him lies on the way of a message. Nothing is given back when a message turns out to do
     nothing, nor after a halt: a message that was never consumed has no effect, and moves no money.
"""


from . import Custody
from . import Halting
from . import Inbox
from . import Parameters


uses: Halting
uses: Inbox
uses: Parameters


# @notice The prices of messages were paid out to the sequencer.
# @param amount Amount in wei.
event MessageFeesCollected:
    amount: uint256


# @dev Longest payload in bytes: what fits the words b, c and d of a message.
PAYLOAD_SIZE_MAX: constant(uint256) = 96

# @notice Prices of messages that wait for the sequencer, in wei.
message_fees: public(uint256)


@external
@payable
@nonreentrant
def force(payload: Bytes[PAYLOAD_SIZE_MAX]) -> uint256:
    """
    @notice Appends commands to the inbox, which the exchange applies as if the caller had signed them as the owner of an
            account; send exactly the message price along. The caller may be a contract.
    @dev What the bytes mean is the exchange's affair: whatever is wrong with them makes it reject the message, and only that.
    @param payload 1 to 96 bytes of commands, encoded as in a signed command batch.
    @return uint256 Index of the inbox message.
    """
    Halting._check_running()
    assert len(payload) != 0, "forced: no payload"
    assert msg.value == Parameters.message_price, "forced: wrong price"

    self.message_fees += msg.value
    filled: Bytes[PAYLOAD_SIZE_MAX + 96] = concat(payload, empty(bytes32), empty(bytes32), empty(bytes32))
    return Inbox._append(
        Inbox.KIND_FORCED,
        convert(msg.sender, uint256) | (len(payload) << 160),
        extract32(filled, 0, output_type=uint256),
        extract32(filled, 32, output_type=uint256),
        extract32(filled, 64, output_type=uint256),
    )


@external
@nonreentrant
def collect_message_fees():
    """
    @notice Pays the prices of messages out to the sequencer. Anyone may call it, also after a halt.
    """
    amount: uint256 = self.message_fees
    assert amount != 0, "forced: nothing to collect"

    self.message_fees = 0
    log MessageFeesCollected(amount=amount)
    Custody._send(Parameters.SEQUENCER, amount)
