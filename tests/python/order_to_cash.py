"""From the order to the cash, as an integrating platform walks it: with a client that grpcio generated from
the protos, against a running `recoup up --sandbox` whose clock stands at 2026-01-02.

RECOUP_ADDRESS and RECOUP_TOKEN say where and as whom. Ends with status 0 if all of it came out as it must.
"""

import importlib
import os
import pathlib
import sys
import tempfile
import uuid

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from grpc_tools import protoc

PROTO = pathlib.Path(__file__).resolve().parents[2] / "proto"


def generate(into):
    """Generates the client and makes it importable."""
    files = sorted(str(file.relative_to(PROTO)) for file in PROTO.glob("recoup/**/*.proto"))
    # The runtime's own copies of google/protobuf, as grpc_tools ships them.
    well_known = str(pathlib.Path(protoc.__file__).parent / "_proto")
    outcome = protoc.main(
        ["protoc", f"-I{PROTO}", f"-I{well_known}", f"--python_out={into}", f"--grpc_python_out={into}", *files]
    )
    assert outcome == 0, "the protos do not compile"
    sys.path.insert(0, into)


class Client:
    """The stubs and messages of all services, by name, with the token shown in every call."""

    def __init__(self, address, token):
        self.channel = grpc.insecure_channel(address)
        self.metadata = [("authorization", f"Bearer {token}")]

    def call(self, method, request_type=None, /, **fields):
        """Calls `package.Service/Method` with these fields; a request id is made where none is given."""
        service, name = method.split("/")
        package, service = service.split(".")
        snake = "".join(f"_{c.lower()}" if c.isupper() else c for c in service).lstrip("_")
        module = f"recoup.{package}.v1.{snake}_pb2"
        request = getattr(importlib.import_module(module), request_type or f"{name}Request")(**fields)
        if "request_id" in request.DESCRIPTOR.fields_by_name and not request.request_id:
            request.request_id = str(uuid.uuid4())
        stub = getattr(importlib.import_module(f"{module}_grpc"), f"{service}Stub")(self.channel)
        return getattr(stub, name)(request, metadata=self.metadata, timeout=30)


def euro(amount):
    return {"currency_code": "EUR", "amount": amount}


def day(year, month, date):
    return {"year": year, "month": month, "day": date}


def address():
    return {"lines": ["Musterstraße 1"], "postal_code": "10115", "city": "Berlin", "country_code": "DE"}


def refused(call):
    """The code, the reason and the named fields with which a call is refused."""
    try:
        call()
    except grpc.RpcError as error:
        reason, fields = None, []
        for detail in rpc_status.from_call(error).details:
            if detail.Is(error_details_pb2.ErrorInfo.DESCRIPTOR):
                info = error_details_pb2.ErrorInfo()
                detail.Unpack(info)
                reason = info.reason
            if detail.Is(error_details_pb2.BadRequest.DESCRIPTOR):
                bad = error_details_pb2.BadRequest()
                detail.Unpack(bad)
                fields = [violation.field for violation in bad.field_violations]
        return error.code(), reason, fields
    raise AssertionError("the call was not refused")


def open_shop(client):
    client.call(
        "credit.TenantProfileService/CreateTenantProfile",
        tenant_profile={
            "legal_name": "Muster Handel GmbH",
            "address": address(),
            "time_zone": "Europe/Berlin",
            "home_currency_code": "EUR",
            "calendar_code": "DE",
            "language": "de",
            "sender": {"display_name": "Muster Handel", "email": "billing@example.com"},
        },
    )
    client.call(
        "credit.CreditPolicyService/PublishCreditPolicy",
        policy_code="standard",
        segments=[
            {
                "payment_terms": {
                    "terms_code": "2/10net30",
                    "instalments": [{"date_steps": [{"add_days": 30}]}],
                },
                "early_payment_offer": {
                    "tiers": [{"within_days": 10, "discount_ratio": {"value": "0.02"}}],
                },
                "credit_limit": {"amount": euro("1000.00")},
                "hold_over_limit": True,
                "reservation_lifetime": {"seconds": 86400},
            }
        ],
    )
    created = client.call(
        "credit.CustomerService/CreateCustomer",
        external_id="C-1",
        details={
            "display_name": "Kunde Eins",
            "kind": "CUSTOMER_KIND_BUSINESS",
            "country_code": "DE",
            "language": "de",
            "time_zone": "Europe/Berlin",
            "address": address(),
        },
    )
    return created.customer.customer_id


def order(client, customer_id):
    checked = client.call(
        "credit.CreditCheckService/CheckCredit",
        customer_id=customer_id,
        order_reference="SO-1",
        amount=euro("600.00"),
    )
    reservation_id = checked.reservation.reservation_id
    assert reservation_id, checked
    client.call("credit.CreditCheckService/ConfirmReservation", reservation_id=reservation_id)
    too_much = client.call(
        "credit.CreditCheckService/CheckCredit",
        customer_id=customer_id,
        order_reference="SO-2",
        amount=euro("400.01"),
    )
    assert not too_much.HasField("reservation"), "the limit is 1000.00"
    return reservation_id


def bill(client, reservation_id):
    line = {
        "description": "Ware",
        "quantity": {"value": "2"},
        "unit_price": {"value": "300.00"},
        "tax_category": "Z",
        "tax_ratio": {"value": "0"},
    }
    content = {
        "customer_external_id": "C-1",
        "currency_code": "EUR",
        "lines": [line],
        "reservation_id": reservation_id,
    }

    def issue():
        return client.call(
            "invoicing.InvoiceService/IssueInvoice", request_id="bill SO-1", new_invoice={"content": content}
        )

    issued = issue()
    assert issue() == issued, "a repeat has the first answer"
    code, reason, fields = refused(
        lambda: client.call("invoicing.InvoiceService/IssueInvoice", new_invoice={"content": {"lines": [{}]}})
    )
    assert (code, reason) == (grpc.StatusCode.INVALID_ARGUMENT, "REQUEST_INVALID"), (code, reason)
    assert "new_invoice.content.currency_code" in fields, fields
    return issued.invoice


def advance(client, seconds):
    result = None
    for answer in client.call("sandbox.ClockService/Advance", duration={"seconds": seconds}):
        if answer.HasField("result"):
            result = answer.result
    assert result is not None and result.unsettled_count == 0, result


def pay(client, invoice, customer_id):
    receipt = client.call(
        "payments.ReceiptService/RecordReceipt",
        customer_id=customer_id,
        method="RECEIPT_METHOD_TRANSFER",
        amount=euro("588.00"),
        receipt_date=day(2026, 1, 12),
        remittance={"text": f"invoice {invoice.invoice_number}"},
    ).receipt
    applied = client.call(
        "payments.ReceiptApplicationService/ApplyReceipt", receipt_id=receipt.receipt_id, rule={}
    )
    assert applied.receipt.unapplied_amount.amount == "0.00", applied
    paid = client.call("invoicing.InvoiceService/GetInvoice", invoice_number=invoice.invoice_number).invoice
    # 588.00 and 2 % of 600.00 for paying on the tenth day.
    assert paid.open_amount.amount == "0.00", paid
    assert paid.closed_date.day == 12, paid


def main():
    with tempfile.TemporaryDirectory() as into:
        generate(into)
        client = Client(os.environ["RECOUP_ADDRESS"], os.environ["RECOUP_TOKEN"])
        customer_id = open_shop(client)
        reservation_id = order(client, customer_id)
        invoice = bill(client, reservation_id)
        advance(client, 10 * 86400)
        pay(client, invoice, customer_id)
        advance(client, 0)
        profile = client.call("credit.CreditProfileService/GetCreditProfile", external_id="C-1").credit_profile
        assert profile.exposure.total_amount.amount == "0.00", profile
        print(f"{invoice.invoice_number}: ordered, billed, paid early, and nothing is owed")


if __name__ == "__main__":
    main()
